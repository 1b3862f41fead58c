package picture

import (
	"bufio"
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"

	"trialog/checker"
	"trialog/checker/history"
)

//go:embed page
var page embed.FS

// The parts of the page, in the order in which they run.
var scripts = []string{"decode.js", "describe.js", "layout.js", "draw.js", "strip.js", "scrub.js", "page.js"}

// Run is one history and what was found in it.
type Run struct {
	Title   string // empty: scenario and seed
	History *history.History
	Report  *checker.Report
}

// shown is what the page is told of a run.
type shown struct {
	Title      string            `json:"title"`
	Arm        string            `json:"arm"`
	Trace      string            `json:"trace"`
	Commit     string            `json:"commit"`
	Replay     string            `json:"replay"`
	Nodes      int               `json:"nodes"`
	Positions  int64             `json:"positions"`
	Story      []string          `json:"story"`
	Verdicts   []verdict         `json:"verdicts"`
	Marks      []mark            `json:"marks"`
	Partitions []string          `json:"partitions"`
	Names      []string          `json:"names"`
	Notes      []string          `json:"notes"`
	Config     []history.Setting `json:"config"`
	OpCount    int               `json:"opCount"`
	EventCount int               `json:"eventCount"`
	Ops        map[string]column `json:"ops"`
	Events     map[string]column `json:"events"`
}

type verdict struct {
	Property int    `json:"property"`
	Name     string `json:"name"`
	Status   string `json:"status"`
	Reason   string `json:"reason"`
}

// vocabulary lets the page name kinds by number.
type vocabulary struct {
	Kinds    []string `json:"kinds"`
	Outcomes []string `json:"outcomes"`
	Events   []string `json:"events"`
	Faults   []string `json:"faults"`
}

// Write writes the page of one run, or of two that are compared.
func Write(w io.Writer, runs ...Run) error {
	if len(runs) < 1 || len(runs) > 2 {
		return fmt.Errorf("a picture of %d runs: one, or two to compare", len(runs))
	}
	var told struct {
		Words vocabulary `json:"words"`
		Runs  []shown    `json:"runs"`
	}
	told.Words = words()
	for i := range runs {
		told.Runs = append(told.Runs, show(&runs[i]))
	}
	text, err := json.Marshal(told) // escapes <, > and &, so that it can stand in a script element
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	if err := assemble(b, told.Runs[0].Title, text); err != nil {
		return err
	}
	return b.Flush()
}

func assemble(b *bufio.Writer, title string, text []byte) error {
	frame, err := page.ReadFile("page/page.html")
	if err != nil {
		return err
	}
	style, err := page.ReadFile("page/page.css")
	if err != nil {
		return err
	}
	var code strings.Builder
	for _, name := range scripts {
		part, err := page.ReadFile("page/" + name)
		if err != nil {
			return err
		}
		code.Write(part)
	}
	_, err = strings.NewReplacer(
		"{{title}}", html.EscapeString(title), "{{style}}", string(style), "{{data}}", string(text), "{{code}}", code.String(),
	).WriteString(b, string(frame))
	return err
}

func show(r *Run) shown {
	h, notes := r.History, newTable()
	s := shown{
		Title: r.Title, Arm: string(h.Header.Arm), Trace: h.Header.TraceHash, Commit: h.Header.Commit, Replay: h.Header.Replay,
		Nodes: h.Header.Nodes, Positions: h.Positions, Story: Tell(h, r.Report).Lines(), Marks: marksOf(r.Report),
		Names: h.Names, Config: h.Header.Config, OpCount: len(h.Ops), EventCount: len(h.Events),
		Ops: opColumns(h), Events: eventColumns(h, notes), Partitions: []string{},
	}
	if s.Title == "" {
		s.Title = title(h)
	}
	for p := range h.Partitions {
		s.Partitions = append(s.Partitions, h.PartitionName(history.Partition(p)))
	}
	for i := range r.Report.Verdicts {
		v := &r.Report.Verdicts[i]
		s.Verdicts = append(s.Verdicts, verdict{int(v.Property), v.Property.String(), v.Status.String(), v.Reason})
	}
	s.Notes = notes.texts
	return s
}

func title(h *history.History) string {
	if h.Header.Scenario == "" {
		return "A recorded history"
	}
	return fmt.Sprintf("%s, seed %d", h.Header.Scenario, h.Header.Seed)
}

// words lists the names of the vocabulary by number; "?" ends each list.
func words() vocabulary {
	return vocabulary{
		Kinds:    namesOf(func(i uint8) string { return history.Kind(i).String() }),
		Outcomes: namesOf(func(i uint8) string { return history.Outcome(i).String() }),
		Events:   namesOf(func(i uint8) string { return history.EventKind(i).String() }),
		Faults:   namesOf(func(i uint8) string { return history.FaultKind(i).String() }),
	}
}

func namesOf(name func(uint8) string) []string {
	var list []string
	for i := uint8(0); i < 255 && name(i) != "?"; i++ {
		list = append(list, name(i))
	}
	return list
}
