package main

import (
	"fmt"
	"slices"
	"strings"

	"trialog/scenarios/bench/stats"
)

// bars are the goals of clusters: what Trialog's figure divided by another's is
// to be.
var bars = map[string]map[string]string{
	tableSynced:     {quantityBytes: "at least 1.5", quantityCPU: "at most 0.67"},
	tableSyncedOpen: {quantityP99: "at most 0.5"},
	tableUnsynced:   {quantityBytes: "at least 1"},
}

// againstQuantities are those that clusters are compared by, in this order.
var againstQuantities = []string{quantityBytes, quantityCPU, quantityP99}

// against sets Trialog's clusters against others', round by round.
func (r *report) against(b *strings.Builder, name string) {
	if !slices.Contains([]string{tableSynced, tableSyncedOpen, tableUnsynced, tableUnsyncedOpen}, name) {
		return
	}
	var others []string
	for _, s := range r.Series {
		if s.Table == name && s.System != nameTrialog && !slices.Contains(others, s.System) {
			others = append(others, s.System)
		}
	}
	if len(others) == 0 {
		return
	}
	slices.SortFunc(others, func(a, b string) int { return slices.Index(systems, a) - slices.Index(systems, b) })
	fmt.Fprintf(b, "\nTrialog's figure divided by that of\n\n| load | figure | %s | the goal |\n|---|---|%s---|\n", strings.Join(others, " | "), strings.Repeat("--:|", len(others)))
	for _, quantity := range againstQuantities {
		for _, ours := range r.Series {
			if ours.Table == name && ours.System == nameTrialog && ours.Quantity == quantity {
				r.againstRow(b, ours, others)
			}
		}
	}
}

func (r *report) againstRow(b *strings.Builder, ours *series, others []string) {
	fmt.Fprintf(b, "| %s | %s |", ours.Case, ours.Quantity)
	for _, other := range others {
		text := stats.Over(nil).String()
		if s := r.find(at{ours.Table, ours.Case, other}, ours.Quantity); s != nil {
			text = stats.Over(stats.Ratios(ours.Values, s.Values)).String()
		}
		fmt.Fprintf(b, " %s |", text)
	}
	fmt.Fprintf(b, " %s |\n", bars[ours.Table][ours.Quantity])
}
