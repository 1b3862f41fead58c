package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"strings"

	"trialog/scenarios"
)

// The elements of JUnit's XML, as build servers read it.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
	Skipped *struct{}     `xml:"skipped,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a suite a scenario: a case for its seeds as a whole, and a
// failed one for each way in which seeds failed.
func writeJUnit(file string, r *scenarios.Results) error {
	all := junitSuites{Name: "trialog-lab " + r.Stamp}
	for i := range r.Scenarios {
		suite := suiteOf(r, &r.Scenarios[i])
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Suites = append(all.Suites, suite)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = f.WriteString(xml.Header)
	encoder := xml.NewEncoder(f)
	encoder.Indent("", " ")
	return errors.Join(err, encoder.Encode(all), f.Close())
}

func suiteOf(r *scenarios.Results, s *scenarios.ScenarioSummary) junitSuite {
	seconds := fmt.Sprintf("%.3f", float64(s.CPU)*float64(s.Seeds)/1e9)
	suite := junitSuite{Name: s.Name, Time: seconds}
	whole := junitCase{Name: fmt.Sprintf("%d seeds from %d", s.Seeds, r.FirstSeed), Class: s.Name, Time: seconds}
	if s.Seeds == 0 {
		whole.Skipped = &struct{}{}
	}
	for _, c := range r.Complaints {
		if strings.HasPrefix(c, s.Name+":") {
			whole.Failure = &junitFailure{Message: c, Text: c}
		}
	}
	suite.Cases = append(suite.Cases, whole)
	kinds := map[string]int{}
	for _, o := range r.Failures {
		if o.Scenario != s.Name {
			continue
		}
		name := o.Signature()
		if at, known := kinds[name]; known {
			suite.Cases[at].Failure.Message += fmt.Sprintf(", %d", o.Seed)
			continue
		}
		kinds[name] = len(suite.Cases)
		var text strings.Builder
		printFailure(&text, o)
		suite.Cases = append(suite.Cases, junitCase{
			Name: name, Class: s.Name, Failure: &junitFailure{Message: fmt.Sprintf("%s: seeds %d", name, o.Seed), Text: text.String()},
		})
	}
	for i := range suite.Cases {
		suite.Tests++
		if suite.Cases[i].Failure != nil {
			suite.Failures++
		}
	}
	return suite
}
