package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"trialog/checker/history"
	"trialog/scenarios"
	"trialog/scenarios/onlocal"
	"trialog/scenarios/onsim"
)

type listCommand struct {
	JSON bool `help:"Print the lists for machines."`
}

type listedScenario struct {
	Name   string   `json:"name"`
	Why    string   `json:"why"`
	Expect string   `json:"expect"`
	Open   string   `json:"open,omitempty"`
	Faults []string `json:"faults"`
}

type listedProperty struct {
	Number int             `json:"number"`
	Name   string          `json:"name"`
	Class  scenarios.Class `json:"class"`
	Says   string          `json:"says"`
}

type listedFault struct {
	Name  string `json:"name"`
	Sim   bool   `json:"sim"`
	Local bool   `json:"local"`
}

// Run lists everything.
func (c *listCommand) Run(to output) error {
	var lists struct {
		Scenarios  []listedScenario `json:"scenarios"`
		Properties []listedProperty `json:"properties"`
		Faults     []listedFault    `json:"faults"`
	}
	for _, s := range scenarios.All() {
		row := listedScenario{Name: s.Name, Why: s.Why, Expect: s.Expect.String(), Open: s.Open}
		for _, f := range s.Faults {
			row.Faults = append(row.Faults, f.Kind.String())
		}
		lists.Scenarios = append(lists.Scenarios, row)
	}
	for _, d := range history.Catalogue() {
		lists.Properties = append(lists.Properties, listedProperty{int(d.Property), d.Name, scenarios.ClassOf(d.Property), d.Says})
	}
	for _, k := range scenarios.Kinds() {
		lists.Faults = append(lists.Faults, listedFault{k.String(), onsim.Supports(k), onlocal.Supports(k)})
	}
	if c.JSON {
		encoder := json.NewEncoder(to.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(lists)
	}
	fmt.Fprintln(to.out, "Scenarios")
	for _, s := range lists.Scenarios {
		fmt.Fprintf(to.out, "  %s\n      %s\n      expected: %s\n", s.Name, s.Why, s.Expect)
		if s.Open != "" {
			fmt.Fprintf(to.out, "      open, runs only when named: %s\n", s.Open)
		}
	}
	fmt.Fprintln(to.out, "\nProperties")
	t := tabwriter.NewWriter(to.out, 0, 8, 2, ' ', 0)
	for _, p := range lists.Properties {
		fmt.Fprintf(t, "  %d\t%s\t%s\t%s\n", p.Number, p.Name, p.Class, p.Says)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(to.out, "\nFaults")
	for _, f := range lists.Faults {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", f.Name, where(f.Sim, "sim"), where(f.Local, "local"))
	}
	return t.Flush()
}

func where(supported bool, arm string) string {
	if supported {
		return arm
	}
	return "not supported on " + arm
}
