package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// print tells people, or programs, what was found.
func (d *diagnosis) print(p *program) error {
	if p.json {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		return e.Encode(d)
	}
	if d.Cluster != nil {
		if err := d.printCluster(p); err != nil {
			return err
		}
	}
	if v := d.Node; v != nil {
		fmt.Fprintf(p.out, "Node %d at %s: %s", v.NodeID, v.Admin, v.Phase)
		if !v.ClockUnknown {
			fmt.Fprintf(p.out, ", clock %+d ms from here (±%d)", v.ClockAheadMs, v.ClockErrorMs)
		}
		fmt.Fprintln(p.out)
	}
	d.printDirectory(p)
	d.printFindings(p)
	return nil
}

func (d *diagnosis) printCluster(p *program) error {
	v := d.Cluster
	fmt.Fprintf(p.out, "Cluster %s: %s, controller %s, %s, %s\n", shown(v.ID), counted(len(v.Brokers), "broker", "brokers"),
		known(int64(v.Controller)), counted(v.Topics, "topic", "topics"), counted(v.Partitions, "partition", "partitions"))
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for i := range v.Brokers {
		b := &v.Brokers[i]
		state := "NOT REACHED"
		if b.Reached {
			state = fmt.Sprintf("reached in %.1f ms\t%s", b.ConnectMs, counted(len(b.APIs), "API", "APIs"))
		}
		fmt.Fprintf(w, "  broker %d\tclients are told %s\t%s\t%s\n", b.ID, b.Advertised, state, b.Rack)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if lacks := v.lacks(); lacks != "" {
		fmt.Fprintf(p.out, "  clients will not find: %s\n", lacks)
	}
	if !d.apis {
		return nil
	}
	for i := range v.Brokers {
		w = tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
		for _, a := range v.Brokers[i].APIs {
			fmt.Fprintf(w, "  broker %d\t%d\t%s\t%d–%d\n", v.Brokers[i].ID, a.Key, a.Name, a.Min, a.Max)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (d *diagnosis) printDirectory(p *program) {
	v := d.Directory
	if v == nil {
		return
	}
	state := "does not exist yet"
	switch {
	case v.InUse:
		state = fmt.Sprintf("in use by node %d", v.NodeID)
	case v.Formatted:
		state = fmt.Sprintf("of node %d, %s, journal %d MiB", v.NodeID, counted(v.Logs, "log", "logs"), v.JournalBytes>>20)
	case v.Exists:
		state = "no node has run in it"
	}
	fmt.Fprintf(p.out, "Directory %s: %s\n", v.Path, state)
	fmt.Fprintf(p.out, "  %s, %d of %d GiB free (%d %%), reserve %d MiB\n", shown(v.FileSystem), v.FreeBytes>>30, v.Bytes>>30, v.FreePercent(), v.ReserveBytes>>20)
	if s := v.Sync; s.Count > 0 {
		fmt.Fprintf(p.out, "  a sync of 4 KiB takes %.2f ms (median of %d, slowest %.2f ms)\n", float64(s.MedianMicros)/1000, s.Count, float64(s.MaxMicros)/1000)
	}
	if d.Files > 0 {
		fmt.Fprintf(p.out, "  a node of this user may open %d files\n", d.Files)
	}
}

// printFindings prints each finding once, with all its subjects.
func (d *diagnosis) printFindings(p *program) {
	subjects := make(map[string][]string)
	var order []finding
	for _, f := range d.Findings {
		key := f.Rule + "\x00" + f.Value + "\x00" + f.Risk
		if subjects[key] == nil {
			order = append(order, f)
		}
		subjects[key] = append(subjects[key], f.Subject)
	}
	notes := 0
	for _, f := range order {
		mark := "UNSAFE"
		if !f.Unsafe {
			mark = "note  "
			notes++
		}
		fmt.Fprintf(p.out, "\n%s  %s", mark, few(subjects[f.Rule+"\x00"+f.Value+"\x00"+f.Risk]))
		switch {
		case f.Setting != "" && f.Value != "":
			fmt.Fprintf(p.out, ": %s=%s", f.Setting, f.Value)
		case f.Setting != "":
			fmt.Fprintf(p.out, ": %s", f.Setting)
		}
		fmt.Fprintf(p.out, "\n        %s\n", f.Risk)
		if f.Instead != "" {
			fmt.Fprintf(p.out, "        Instead: %s\n", f.Instead)
		}
	}
	if len(d.Failures) > 0 {
		return
	}
	if d.unsafe() == 0 {
		fmt.Fprintf(p.out, "\nNothing unsafe was found; %s.\n", counted(notes, "thing is worth knowing", "things are worth knowing"))
	}
}

// shownSubjects is how many subjects of one finding are named.
const shownSubjects = 5

func few(subjects []string) string {
	if len(subjects) <= shownSubjects {
		return strings.Join(subjects, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(subjects[:shownSubjects], ", "), len(subjects)-shownSubjects)
}
