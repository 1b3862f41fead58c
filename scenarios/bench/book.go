package main

import (
	"encoding/json"
	"math"
	"slices"
)

// column is a figure's name and unit.
type column struct {
	Quantity string `json:"quantity"`
	Unit     string `json:"unit"`
}

// series is one figure over the rounds.
type series struct {
	Table  string `json:"table"`
	Case   string `json:"case"`
	System string `json:"system"`
	column
	Values perRound `json:"values"`
}

// perRound holds one value a round; NaN, in JSON null, is none.
type perRound []float64

// MarshalJSON implements json.Marshaler.
func (p perRound) MarshalJSON() ([]byte, error) {
	values := make([]*float64, len(p))
	for i := range p {
		if !math.IsNaN(p[i]) {
			values[i] = &p[i]
		}
	}
	return json.Marshal(values)
}

// failure is a case that gave no figure.
type failure struct {
	Round int    `json:"round"`
	What  string `json:"what"`
	Error string `json:"error"`
}

// book keeps what was measured, in the order in which it first came.
type book struct {
	Series   []*series `json:"series"`
	Failures []failure `json:"failures,omitempty"`
	Profiles []profile `json:"profiles,omitempty"`
	rounds   int       // begun so far
}

// at is a place in a book: one system in one case of a table.
type at struct {
	table, kase, system string
}

func (a at) String() string { return a.table + "/" + a.kase + "/" + a.system }

// add writes down a figure of the present round. What is no number counts as none.
func (b *book) add(where at, quantity, unit string, v float64) {
	s := b.find(where, quantity)
	if s == nil {
		s = &series{Table: where.table, Case: where.kase, System: where.system, column: column{quantity, unit}}
		b.Series = append(b.Series, s)
	}
	for len(s.Values) < b.rounds {
		s.Values = append(s.Values, math.NaN())
	}
	if !math.IsInf(v, 0) {
		s.Values[b.rounds-1] = v
	}
}

func (b *book) find(where at, quantity string) *series {
	i := slices.IndexFunc(b.Series, func(s *series) bool {
		return s.Table == where.table && s.Case == where.kase && s.System == where.system && s.Quantity == quantity
	})
	if i < 0 {
		return nil
	}
	return b.Series[i]
}

// now is a figure of the present round; NaN when there is none.
func (b *book) now(where at, quantity string) float64 {
	s := b.find(where, quantity)
	if s == nil || len(s.Values) < b.rounds {
		return math.NaN()
	}
	return s.Values[b.rounds-1]
}

// fail writes down that a case gave nothing.
func (b *book) fail(where at, err error) {
	b.Failures = append(b.Failures, failure{Round: b.rounds, What: where.String(), Error: err.Error()})
}
