package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"trialog/scenarios/bench/stats"
)

// report is what a run leaves behind.
type report struct {
	Machine  machine `json:"machine"`
	Mode     string  `json:"mode"`
	Only     string  `json:"only,omitempty"` // what the run was restricted to
	Rounds   int     `json:"rounds"`         // carried out, the last perhaps in part
	Complete bool    `json:"complete"`
	Seconds  float64 `json:"seconds"`
	*book
}

// writeJSON writes everything, value by value.
func (r *report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// explained says what each table shows and how it came about.
var explained = map[string]string{
	tableOne: "Each producer is a client with a connection of its own and waits for one record before it sends the next; records go round the partitions. " +
		"Trialog: default settings, synced before the acknowledgement, idempotent producers, acks=all, no compression. JetStream: one stream a partition, one replica, file storage, `sync_interval: always`. " +
		"kfake keeps everything in memory: what protocol and clients cost. The append writes the batches of all producers at once and syncs once: the least that the same load costs a plain file.",
	tablePipeline: "All producers together have at most 4,096 records and 8 MiB in flight, each two or more; nothing lingers. The rate counts acknowledgements until nothing is in flight any more. The append writes as much with each fdatasync as Trialog's journal did in the same round.",
	tableOpen: "Open loop: 16 producers, record i is due at i divided by the rate, whatever becomes of earlier ones; latency counts from when a record was due to its acknowledgement. " +
		"\"Generator late\" is how much of that the generator itself lost. A peak is the throughput with many records in flight in the same round; \"the slowest\" is the slower of Trialog and JetStream.",
	tableRead: "The server is started on a log that a former process wrote, the pages of its files are dropped from the cache, and one client reads everything; then it reads all of it again. " +
		"JetStream: ordered consumer. What a virtual disk's host has cached is out of reach.",
	tableTail:  "From the time at which a record was due to be sent, at a fixed rate, to the time at which a reader at the end of the log has it.",
	tableStart: "Times count from before the exec of the server. The first record of a fresh server includes making the topic or stream. Busy is under 16 producers with many records of 1 KiB in flight.",
	tableRecovery: "The server is killed with SIGKILL once everything is acknowledged and started again; the time counts from its exec to the first new acknowledgement. " +
		"A round in which an acknowledged record is missing counts as failed.",
	tableProfile: "Processor profiles of Trialog's server, each taken in a load of its own after the rounds; the files are kept. Shares are of the samples; `Syscall6` is what the kernel takes: sockets, files, syncs.",
	tableSynced: "Clusters of three nodes, one at a time, all on this machine with the clients; each log has three replicas, and producers ask for all (acks=all; JetStream acknowledges by a majority). " +
		"Trialog: default settings. Apache Kafka: three combined KRaft nodes with its own defaults but `flush.messages=1`. JetStream: R3, file storage, `sync_interval: always`. " +
		"Kafka's and Trialog's clients are the same, franz-go, idempotent, without compression or lingering. Processor time is that of all three servers, per GB of values.",
	tableSyncedOpen:   "Open loop, as above; the rate is half of the throughput with many records in flight of the slowest of the three in the same round. Each system has a fresh cluster, warmed up at that rate.",
	tableUnsynced:     "The same without a sync before the acknowledgement: Trialog with `flush.messages=9223372036854775807`, Apache Kafka and JetStream with their defaults (the latter syncs every two minutes).",
	tableUnsyncedOpen: "As above.",
	tableMachine:      "Cores are means over a round. Clients and servers share the machine.",
}

// writeMarkdown writes one table a kind of figure: medians over the rounds,
// with the least and the largest value behind them.
func (r *report) writeMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Mode %s, %s", r.Mode, counted(r.Rounds, "round"))
	if r.Only != "" {
		fmt.Fprintf(&b, ", only `%s`", r.Only)
	}
	if !r.Complete {
		b.WriteString(", interrupted")
	}
	fmt.Fprintf(&b, ", %.0f s. Figures are medians over the rounds (least…largest). The disk is synced before each case.\n\n", r.Seconds)
	for _, line := range r.Machine.lines() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	for _, table := range []string{
		tableOne, tablePipeline, tableOpen, tableRead, tableTail, tableStart, tableRecovery,
		tableSynced, tableSyncedOpen, tableUnsynced, tableUnsyncedOpen, tableMachine,
	} {
		r.table(&b, table)
		r.ratios(&b, table)
		r.against(&b, table)
	}
	r.profileTable(&b)
	if len(r.Failures) > 0 {
		b.WriteString("\n## Failed\n\n")
		for _, f := range r.Failures {
			line, _, _ := strings.Cut(f.Error, "\n")
			fmt.Fprintf(&b, "- round %d, %s: %s\n", f.Round, f.What, line)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// systems is the order in which a table shows who ran a case.
var systems = []string{nameTrialog, nameKafka, nameJetStream, nameKfake, nameDisk, nameFile}

// row is one line of a table.
type row struct{ kase, system string }

func (r *report) table(b *strings.Builder, name string) {
	var rows []row
	var columns []column
	for _, s := range r.Series {
		if s.Table != name {
			continue
		}
		if one := (row{s.Case, s.System}); !slices.Contains(rows, one) {
			rows = append(rows, one)
		}
		if !slices.Contains(columns, s.column) {
			columns = append(columns, s.column)
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| load | system |", name, explained[name])
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", c.head())
	}
	b.WriteString("\n|---|---|" + strings.Repeat("--:|", len(columns)) + "\n")
	sortByCase(rows)
	for _, one := range rows {
		fmt.Fprintf(b, "| %s | %s |", one.kase, one.system)
		for _, c := range columns {
			text := stats.Over(nil).String()
			if s := r.find(at{name, one.kase, one.system}, c.Quantity); s != nil {
				text = stats.Over(s.Values).String()
			}
			fmt.Fprintf(b, " %s |", text)
		}
		b.WriteString("\n")
	}
}

func (c column) head() string {
	if c.Unit == "" {
		return c.Quantity
	}
	return c.Quantity + ", " + c.Unit
}

// sortByCase brings the rows of a case together, Trialog first; cases keep the
// order in which they came.
func sortByCase(rows []row) {
	var cases []string
	for _, one := range rows {
		if !slices.Contains(cases, one.kase) {
			cases = append(cases, one.kase)
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		if d := slices.Index(cases, a.kase) - slices.Index(cases, b.kase); d != 0 {
			return d
		}
		return slices.Index(systems, a.system) - slices.Index(systems, b.system)
	})
}

// ratios sets Trialog's throughput against that of the others, round by round.
func (r *report) ratios(b *strings.Builder, name string) {
	quantity := map[string]string{tableOne: quantityBytes, tablePipeline: quantityBytes, tableRead: "cold"}[name]
	var others, cases []string
	for _, s := range r.Series {
		if s.Table != name || s.Quantity != quantity {
			continue
		}
		if s.System == nameTrialog {
			cases = append(cases, s.Case)
		} else if !slices.Contains(others, s.System) {
			others = append(others, s.System)
		}
	}
	if len(cases) == 0 || len(others) == 0 {
		return
	}
	slices.SortFunc(others, func(a, b string) int { return slices.Index(systems, a) - slices.Index(systems, b) })
	fmt.Fprintf(b, "\nTrialog's throughput divided by that of\n\n| load | %s |\n|---|%s\n", strings.Join(others, " | "), strings.Repeat("--:|", len(others)))
	for _, kase := range cases {
		ours := r.find(at{name, kase, nameTrialog}, quantity)
		fmt.Fprintf(b, "| %s |", kase)
		for _, other := range others {
			text := stats.Over(nil).String()
			if s := r.find(at{name, kase, other}, quantity); s != nil {
				text = stats.Over(stats.Ratios(ours.Values, s.Values)).String()
			}
			fmt.Fprintf(b, " %s |", text)
		}
		b.WriteString("\n")
	}
	if name == tableOne || name == tablePipeline {
		b.WriteString("| the goal, at least |")
		for _, other := range others {
			fmt.Fprintf(b, " %s |", goals[other])
		}
		b.WriteString("\n")
	}
}

// goals are what Trialog's throughput is to be divided by that of others, at least.
var goals = map[string]string{nameJetStream: "10", nameKfake: "0.5", nameDisk: "0.5"}
