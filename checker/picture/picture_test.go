package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"trialog/checker"
	"trialog/checker/history"
)

// lossy is a run in which a leader acknowledges offset 1 and dies, and one
// that lacks it leads next.
func lossy() *history.History {
	h := history.Header{Scenario: "a-loss", Seed: 7, Nodes: 3, Topics: []history.Topic{
		{Name: "t", Partitions: 1, Replicas: 3, MinISR: 2, Mode: history.ModeSynced},
	}}
	r := history.NewRecorder(h)
	p := r.Partition("t", 0)
	replica := func(at int64, node, epoch int32, end, hw int64, leads bool) {
		e := history.NewEvent(history.Replica, node)
		e.Partition, e.LeaderEpoch, e.FoundEndOffset, e.HighWatermark, e.Leading = p, epoch, end, hw, leads
		r.Event(at, &e)
	}
	send := func(at int64, seq uint64, offset int64) {
		op := history.NewOp(history.Send, 0, 0, p)
		op.Acks = -1
		id := r.Invoke(at, &op, history.MakeValue(0, seq))
		res := history.NewResult(history.OK)
		res.Offset, res.Broker = offset, 1
		r.Complete(at+1e6, id, &res)
	}
	replica(0, 1, 4, 0, 0, true)
	replica(0, 2, 4, 0, 0, false)
	send(1e9, 0, 0)
	replica(1e9, 2, 4, 1, 0, false)
	send(2e9, 1, 1)
	replica(2e9, 1, 4, 2, 1, true)
	crash := history.NewEvent(history.Crash, 1)
	crash.Fault = history.FaultKill
	r.Event(3e9, &crash)
	replica(4e9, 2, 5, 1, 1, true)
	op := history.NewOp(history.Scan, 9, 9, p)
	op.At = 0
	id := r.Invoke(9e9, &op)
	res := history.NewResult(history.OK)
	res.HighWatermark, res.To = 3, 3
	res.Records = []history.Record{{Offset: 0, Value: history.MakeValue(0, 0)}, {Offset: 2, Value: history.MakeValue(0, 2)}}
	r.Complete(9e9+1e6, id, &res)
	return r.History()
}

func TestStoryOfALoss(t *testing.T) {
	h := lossy()
	s := Tell(h, checker.Check(h, checker.Options{}))
	want := []string{
		"Fault: crash (kill) of node 1, which led, at 3s",
		"Replica: node 2 came to lead with t/0 below 1 only, at 4s",
		"Epoch: told under leader epoch 4 by node 1, gone under 5",
		"First divergent offset: 1 of t/0",
		"Property: 3 durability VIOLATED: lost-write in t/0 at offset 1, record 0:1",
	}
	got := s.Lines()
	if len(got) != len(want) {
		t.Fatalf("%d lines: %q", len(got), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d\n got %s\nwant %s", i+1, got[i], want[i])
		}
	}
	if h.Events[s.FaultEvent].Kind != history.Crash || h.Events[s.TurnEvent].Node != 2 {
		t.Errorf("events %d and %d", s.FaultEvent, s.TurnEvent)
	}
}

// TestStoryGuessesNothing: without events the lines say that they are not told.
func TestStoryGuessesNothing(t *testing.T) {
	h := lossy()
	h.Events = nil
	lines := Tell(h, checker.Check(h, checker.Options{})).Lines()
	for _, i := range []int{0, 1} {
		if !strings.HasSuffix(lines[i], notTold) {
			t.Errorf("line %q", lines[i])
		}
	}
	if h.Ops = h.Ops[:1]; len(Tell(h, checker.Check(h, checker.Options{})).Lines()) != 1 {
		t.Error("a story of nothing")
	}
}

// TestColumns decodes as the page does.
func TestColumns(t *testing.T) {
	values := []int64{0, -1, 5, 1 << 50, 1<<50 - 3, 127, 128, -1}
	text := columnOf(len(values), func(i int) int64 { return values[i] })
	b, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		t.Fatal(err)
	}
	at, last := 0, int64(0)
	for i, want := range values {
		var u uint64
		for shift := 0; ; shift += 7 {
			u |= uint64(b[at]&0x7f) << shift
			at++
			if b[at-1] < 0x80 {
				break
			}
		}
		last += int64(u>>1) ^ -int64(u&1)
		if last != want {
			t.Fatalf("value %d: %d, want %d", i, last, want)
		}
	}
}

// TestPageIsSelfContained: nothing in it asks a network, and texts of a run
// cannot end the element that they stand in.
func TestPageIsSelfContained(t *testing.T) {
	h := lossy()
	h.Header.Scenario = "</script><b>"
	var b bytes.Buffer
	if err := Write(&b, Run{History: h, Report: checker.Check(h, checker.Options{})}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, bad := range []string{"http://", "https://", "src=", "{{", "</script><b>", "@import", "url("} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	_, rest, _ := strings.Cut(text, `id="data">`)
	data, _, _ := strings.Cut(rest, "</script>")
	var told struct {
		Runs []struct {
			OpCount int `json:"opCount"`
			Marks   []mark
			Story   []string
		}
	}
	if err := json.Unmarshal([]byte(data), &told); err != nil {
		t.Fatal(err)
	}
	if r := told.Runs[0]; r.OpCount != 3 || len(r.Marks) == 0 || len(r.Story) != 5 || len(r.Marks[0].Ops) == 0 {
		t.Errorf("%+v", told.Runs[0])
	}
	if Write(&b) == nil {
		t.Error("a picture of nothing")
	}
}
