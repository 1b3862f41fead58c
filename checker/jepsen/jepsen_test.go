package jepsen

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"trialog/checker"
	"trialog/checker/history"
)

// found lists the anomalies of a history by name.
func found(t *testing.T, h *history.History) []string {
	t.Helper()
	var names []string
	for _, v := range checker.Check(h, checker.Options{}).Verdicts {
		for _, c := range v.Found {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// The pieces of the stories below: two sends, and a final poll from the beginning.
const (
	sends = `{:type :invoke, :f :send, :value [[:send 5 1] [:send 5 2]], :process 0, :time 1}
{:type :ok, :f :send, :value [[:send 5 [0 1]] [:send 5 [1 2]]], :process 0, :time 2}
`
	assigns = `{:type :invoke, :f :assign, :value [5], :seek-to-beginning? true, :process 1, :time 3}
{:type :ok, :f :assign, :value [5], :seek-to-beginning? true, :process 1, :time 4}
{:type :invoke, :f :poll, :value [[:poll]], :process 1, :time 5}
`
)

// TestJepsensHistories: what Jepsen's checker finds is found, by its name here.
func TestJepsensHistories(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"fine", sends + assigns + `{:type :ok, :f :poll, :value [[:poll {5 [[0 1] [1 2]]}]], :process 1, :time 6}`, ""},
		{"one vector", "[" + sends + assigns + `{:type :ok, :f :poll, :value [[:poll {5 [[0 1] [1 2]]}]], :process 1, :time 6}]`, ""},
		{"lost", sends + assigns + `{:type :ok, :f :poll, :value [[:poll {5 [[1 2]]}]], :process 1, :time 6}`, "lost-write"},
		{"another at its offset", sends + assigns + `{:type :ok, :f :poll, :value [[:poll {5 [[0 2] [1 1]]}]], :process 1, :time 6}`, "inconsistent-offsets"},
		{"twice", sends + assigns + `{:type :ok, :f :poll, :value [[:poll {5 [[0 1] [1 2] [2 1]]}]], :process 1, :time 6}`, "duplicate"},
		{"from nowhere", sends + assigns + `{:type :ok, :f :poll, :value [[:poll {5 [[0 1] [1 2] [2 77]]}]], :process 1, :time 6}`, "phantom-read"},
		{"the nemesis and unknown forms", `{:type :info, :f :kill, :process :nemesis, :value #jepsen.X{:a 1}} ; so
#_ {:gone 1} ` + sends + assigns + `{:type :ok, :f :poll, :value [[:poll {5 [[0 1] [1 2]]}]], :process 1, :time 6, :error ["a \"b\"" nil #{1 2} 1.5]}`, ""},
	} {
		h, err := Read(strings.NewReader(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := found(t, h)
		if c.want == "" && len(got) > 0 || c.want != "" && !slices.Contains(got, c.want) {
			t.Errorf("%s: found %v, want %q", c.name, got, c.want)
		}
	}
	for _, bad := range []string{"", "{", "]", "[1]", "{:a}", `{:type :invoke, :f :send, :value [[:send "x" 1]], :process 0}`, `"`, strings.Repeat("[", 200), strings.Repeat("#_", 1<<20),
		`{:type :invoke, :f :send, :value [[:send 1 1]], :process 1} {:type :ok, :f :send, :value [[:send 1 [-5 1]]], :process 1}`} {
		if _, err := Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestThereAndBack: a history of ours, written and read again, gets the same
// verdicts on what Jepsen's form can say.
func TestThereAndBack(t *testing.T) {
	for _, keep := range []int{4, 3} {
		r := history.NewRecorder(history.Header{Topics: []history.Topic{{Name: "t", Replicas: 1, MinISR: 1, Mode: history.ModeSynced}}})
		p := r.Partition("t", 0)
		for i := range 4 {
			op := history.NewOp(history.Send, 0, 0, p)
			op.Flags = history.Idempotent
			id := r.Invoke(int64(i), &op, history.MakeValue(1, uint64(i)))
			res := history.NewResult(history.OK)
			res.Offset = int64(i)
			r.Complete(int64(i), id, &res)
		}
		op := history.NewOp(history.Scan, 9, 9, p)
		op.At = 0
		id := r.Invoke(9, &op)
		res := history.NewResult(history.OK)
		for i := 4 - keep; i < 4; i++ {
			res.Records = append(res.Records, history.Record{Offset: int64(i), Value: history.MakeValue(1, uint64(i))})
		}
		res.To, res.HighWatermark = 4, 4
		r.Complete(10, id, &res)
		h := r.History()
		var b bytes.Buffer
		if err := Write(&b, h); err != nil {
			t.Fatal(err)
		}
		back, err := Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		if want, got := found(t, h), found(t, back); !slices.Equal(want, got) || (keep == 3) != slices.Contains(got, "lost-write") {
			t.Errorf("%d kept: %v became %v", keep, want, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sends + assigns)
	f.Add(`{:type :invoke, :f :poll, :process [1]}`)
	f.Add(`{:type :invoke, :f :txn, :value [[:send 1 1]], :process 1} {:type [:ok], :f :txn, :process 1}`)
	f.Add(`{:process #jepsen`)
	f.Add(`{:type :invoke, :f :send, :value [[:send 1 1]], :process 1} {:type :ok, :f :send, :value [[:send 1 [9223372036854775807 1]]], :process 1}`)
	f.Add(`{:type :invoke, :f :send, :value [[:send 1 1]], :process 1} {:type :ok, :f :send, :value [[:send 1 [-5 1]]], :process 1}`)
	f.Add(sends + `{:type :invoke, :f :poll, :value [[:poll]], :process 1} {:type :so, :f :poll, :value [[:poll {5 [[0 1]]}]], :process 1}`)
	judge := checker.New(checker.Options{WindowSteps: 5000})
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		if err := judge.Check(h).Text(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}
