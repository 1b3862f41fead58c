package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"trialog/scenarios"
)

// progress draws a bar on a terminal and nothing anywhere else.
type progress struct {
	w      io.Writer
	total  int
	length time.Duration
	began  time.Time
	drawn  time.Time
	width  int // of what stands there now
}

const barCells = 24

// newProgress measures a run by its seeds, or, when total is 0, by its time.
func newProgress(w io.Writer, total int, length time.Duration) *progress {
	p := &progress{total: total, length: length, began: time.Now()}
	if isTerminal(w) {
		p.w = w
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// show redraws the bar, at most ten times a second.
func (p *progress) show(g *scenarios.Gather) {
	now := time.Now()
	if p.w == nil || now.Sub(p.drawn) < 100*time.Millisecond {
		return
	}
	p.drawn = now
	elapsed := now.Sub(p.began)
	share, left := p.share(g.Seeds(), elapsed)
	cells := int(share * barCells)
	rate := float64(g.Seeds()) / elapsed.Seconds()
	p.draw(fmt.Sprintf("[%s%s] %d seeds, %d red, %.1f/s, %s left",
		strings.Repeat("#", cells), strings.Repeat(".", barCells-cells), g.Seeds(), g.Red(), rate, left.Round(time.Second)))
}

// say draws a line of text in the bar's place.
func (p *progress) say(format string, args ...any) {
	if p.w != nil {
		p.draw(fmt.Sprintf(format, args...))
	}
}

func (p *progress) draw(text string) {
	fmt.Fprintf(p.w, "\r%-*s", p.width, text)
	p.width = len(text)
}

func (p *progress) share(seeds int, elapsed time.Duration) (float64, time.Duration) {
	share := 0.0
	switch {
	case p.total > 0:
		share = float64(seeds) / float64(p.total)
	case p.length > 0:
		share = elapsed.Seconds() / p.length.Seconds()
	}
	share = min(share, 1)
	if share <= 0 {
		return 0, p.length
	}
	return share, time.Duration(float64(elapsed) * (1 - share) / share)
}

// clear removes the bar, so that other text may stand there.
func (p *progress) clear() {
	if p.w != nil && p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}
