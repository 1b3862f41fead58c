package scenarios

import (
	"strings"
	"testing"
)

// TestMerge: the shards of a run give what the run gives, and parts that are
// missing, twice there or of other runs are told.
func TestMerge(t *testing.T) {
	list, err := Named("single-crash", "single-power")
	if err != nil {
		t.Fatal(err)
	}
	part := func(shard string, from int) *Results {
		g, r := NewGather(list), &Results{Stamp: "x", Arm: "sim", FirstSeed: 5, Shard: shard}
		for i := from; i < 40; i += 2 {
			task := Deal(list, 5, i)
			o := &Outcome{Scenario: task.Scenario.Name, Seed: task.Seed, Acked: int64(1000 + i), Judgements: []Judgement{{Number: 3, Name: "durability", Status: "HOLDS"}}}
			g.Add(o)
			r.Outcomes = append(r.Outcomes, o)
		}
		r.Summary = g.Summary()
		return r
	}
	one, two := part("1/2", 0), part("2/2", 1)
	merged, err := Merge([]*Results{one, two})
	if err != nil {
		t.Fatal(err)
	}
	if merged.Seeds != 40 || !merged.Passed || merged.Scenarios[0].Seeds != 20 || merged.Scenarios[0].Properties[0].Line() != "HOLDS 20" {
		t.Errorf("%+v", merged.Summary)
	}
	if alone, err := Merge([]*Results{one}); err != nil || alone.Passed || len(alone.Complaints) == 0 {
		t.Errorf("half a run passed: %v", err)
	}
	if _, err := Merge([]*Results{one, one}); err == nil || !strings.Contains(err.Error(), "1/2") {
		t.Errorf("the same shard twice: %v", err)
	}
	two.FirstSeed = 6
	if _, err := Merge([]*Results{one, two}); err == nil {
		t.Error("shards of two runs were merged")
	}
}

func TestSignature(t *testing.T) {
	for _, c := range []struct {
		class      Class
		text, role string
		want       string
	}{
		{ClassDurability, "acknowledged at offset 7", "", "p: p"},
		{ClassInvariant, "O6: node 2 is in the ISR of t-0 with 7, and 9 have counted (node 2)", "leader", "p: O6 (leader)"},
		{ClassInvariant, "panic: index 7 out of range\n  x.go:12", "", "p: panic: index  out of range"},
	} {
		o := &Outcome{}
		o.Break("p", c.class, c.text)
		o.Failure.Role = c.role
		if got := o.Signature(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if (&Outcome{}).Signature() != "" {
		t.Error("a green seed has a signature")
	}
}
