package scenarios

import "reflect"

// Middling takes the draws of a declaration away: every range becomes its middle, and
// every fault is on in every seed. What is left of a seed is when and whom faults
// strike, and what the world draws.
func (s *Scenario) Middling() {
	for _, part := range []any{&s.Topics, &s.Workload} {
		middle(reflect.ValueOf(part).Elem())
	}
	if s.Storage != nil {
		storage := *s.Storage
		s.Storage = &storage
		middle(reflect.ValueOf(s.Storage).Elem())
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		f.Share = 0
		middle(reflect.ValueOf(f).Elem())
	}
}

// middle replaces the ranges of a struct.
func middle(v reflect.Value) {
	for i := range v.NumField() {
		if r, ok := v.Field(i).Interface().(Range); ok {
			v.Field(i).Set(reflect.ValueOf(Fixed((r.Min + r.Max + 1) / 2)))
		}
	}
}
