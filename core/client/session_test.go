package client

import (
	"fmt"
	"strings"
	"testing"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// fetches notes every fetch: session, epoch, partitions with positions, and
// what is forgotten.
type fetches struct{ list []string }

func (f *fetches) note(q *protocol.FetchRequest) {
	s := fmt.Sprintf("%d/%d", q.SessionID, q.SessionEpoch)
	for i := range q.Partitions {
		s += fmt.Sprintf(" %d@%d", q.Partitions[i].Partition, q.Partitions[i].FetchOffset)
	}
	for i := range q.Forgotten {
		s += fmt.Sprintf(" -%d", q.Forgotten[i].Partition)
	}
	f.list = append(f.list, s)
}

// watched is a harness that notes fetches; what becomes of them is say's to tell.
func watched(t *testing.T, c *cluster, config Config, say func(n int) fate) (*harness, *fetches) {
	h, f := newHarness(t, c, config), &fetches{}
	h.fate = func(_ *harness, s *Send, _ int) fate {
		q, ok := s.Body.(*protocol.FetchRequest)
		if !ok {
			return fate{}
		}
		f.note(q)
		if say == nil {
			return fate{}
		}
		return say(len(f.list))
	}
	return h, f
}

// poll reads for a while.
func (h *harness) pollOnce(op OpID) []Fetched {
	h.t.Helper()
	h.step(&Poll{Op: op, Wait: 20 * kafka.Millisecond})
	h.run(5*kafka.Second, func() bool { _, ok := h.done[op]; return ok })
	return h.done[op].Fetched
}

// want checks the fetches since the last call, at least as many as are named.
func (f *fetches) want(t *testing.T, what string, want ...string) {
	t.Helper()
	if len(f.list) < len(want) || strings.Join(f.list[:len(want)], ", ") != strings.Join(want, ", ") {
		t.Errorf("%s: fetches %q, want %q", what, f.list, want)
	}
	f.list = f.list[:0]
}

// A fetch in a session names what has changed, and nothing else.
func TestFetchesNameWhatChanges(t *testing.T) {
	c := newCluster(1, 3)
	c.fill(0, []string{"a", "b"})
	h, f := watched(t, c, reader(ConsumerConfig{}), nil)
	h.assign(1, 0, Position{Kind: AtOffset})
	h.assign(2, 1, Position{Kind: AtOffset})
	h.pollOnce(3)
	f.want(t, "a full fetch opens a session", "0/0 0@0 1@0")
	if got := h.pollOnce(4); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	f.want(t, "the position has moved, then nothing", "1/1 0@2", "1/2", "1/3")
	c.fill(1, []string{"c"})
	if got := h.pollOnce(5); len(got) != 1 || got[0].Partition != 1 || len(got[0].Records) != 1 || got[0].HighWatermark != 1 {
		t.Errorf("%+v", got)
	}
	n := len(f.list)
	f.want(t, "one has records", f.list[:n]...)
	h.assign(6, 2, Position{Kind: AtOffset})
	h.step(&Unassign{Op: 7, Topic: "orders"})
	h.pollOnce(8)
	if want := " 1@1 2@0 -0"; !strings.HasSuffix(f.list[0], want) {
		t.Errorf("assigned anew: %q, want %q", f.list[0], want)
	}
}

// What the third fetch meets, the second in its session, and how the client goes on.
func TestSessionsBreakAndBeginAnew(t *testing.T) {
	cases := []struct {
		what   string
		config ConsumerConfig
		change func(c *cluster)
		fate   fate
		want   []string // from the third fetch on
	}{
		{what: "nothing", want: []string{"1/2", "1/3"}},
		{what: "the session is gone", change: func(c *cluster) { c.sessions.all = nil },
			want: []string{"1/2", "0/0 0@0 1@0", "2/1"}},
		{what: "its epoch is another", change: func(c *cluster) { c.sessions.all[0].epoch = 7 },
			want: []string{"1/2", "1/0 0@0 1@0", "2/1"}},
		{what: "topics have got IDs", change: func(c *cluster) { c.sessions.all[0].byID = false },
			want: []string{"1/2", "1/0 0@0 1@0", "2/1"}},
		{what: "there is no room", change: func(c *cluster) { c.sessions.all, c.sessions.room = nil, 0 },
			want: []string{"1/2", "0/0 0@0 1@0", "0/0 0@0 1@0"}},
		{what: "the answer is lost", fate: fate{cut: true}, want: []string{"1/2", "1/0 0@0 1@0", "2/1"}},
		{what: "the answer is lost, and it goes on", fate: fate{cut: true}, config: ConsumerConfig{Resume: true},
			want: []string{"1/2", "1/2", "1/0 0@0 1@0", "2/1"}},
		{what: "the request is lost, and it goes on", fate: fate{lose: true}, config: ConsumerConfig{Resume: true},
			want: []string{"1/2", "1/2", "1/3"}},
	}
	for _, test := range cases {
		c := newCluster(1, 2)
		h, f := watched(t, c, reader(test.config), func(n int) fate {
			if n != 3 {
				return fate{}
			}
			if test.change != nil {
				test.change(c)
			}
			return test.fate
		})
		h.assign(1, 0, Position{Kind: AtOffset})
		h.assign(2, 1, Position{Kind: AtOffset})
		for op := OpID(3); len(f.list) < 2+len(test.want); op++ {
			h.step(&Poll{Op: op, Wait: 50 * kafka.Millisecond})
			h.run(5*kafka.Second, h.settled)
		}
		f.list = f.list[2:]
		f.want(t, test.what, test.want...)
	}
}

func TestClientsWithoutSessions(t *testing.T) {
	for _, old := range []bool{false, true} {
		c := newCluster(1, 2)
		config := reader(ConsumerConfig{Sessionless: !old})
		if old {
			config.Versions = []VersionCap{{protocol.KeyFetch, 6}}
		}
		h, f := watched(t, c, config, nil)
		h.assign(1, 0, Position{Kind: AtOffset})
		h.pollOnce(2)
		h.pollOnce(3)
		f.want(t, fmt.Sprintf("old %v", old), "0/-1 0@0", "0/-1 0@0")
	}
}

// An answer that names what was not asked for, or not all that was, is not used.
func TestWrongAnswersAreNotUsed(t *testing.T) {
	for _, test := range []struct {
		what  string
		spoil func(a *protocol.FetchResponse)
		at    int // the fetch whose answer is spoilt
		want  []string
	}{
		{"one partition is missing", func(a *protocol.FetchResponse) { a.Partitions = a.Partitions[:1] }, 1,
			[]string{"0/0 0@0 1@0", "0/0 0@0 1@0", "2/1 0@1"}},
		{"one was not asked for", func(a *protocol.FetchResponse) { a.Partitions[1].Partition = 9 }, 1,
			[]string{"0/0 0@0 1@0", "0/0 0@0 1@0", "2/1 0@1"}},
		{"one is not in the session", func(a *protocol.FetchResponse) {
			a.Partitions = append(a.Partitions, protocol.FetchPartitionResponse{Partition: 9})
		}, 2, []string{"0/0 0@0 1@0", "1/1 0@1", "1/0 1@0 0@1"}},
	} {
		c := newCluster(1, 2)
		c.fill(0, []string{"a"})
		h, f := watched(t, c, reader(ConsumerConfig{}), nil)
		h.client.config.Fatal = false
		c.spoil = func(a *protocol.FetchResponse) {
			if test.at--; test.at == 0 {
				test.spoil(a)
			}
		}
		h.assign(1, 0, Position{Kind: AtOffset})
		h.assign(2, 1, Position{Kind: AtOffset})
		for op := OpID(3); len(f.list) < len(test.want); op++ {
			h.step(&Poll{Op: op, Wait: 50 * kafka.Millisecond})
			h.run(5*kafka.Second, h.settled)
		}
		f.want(t, test.what, test.want...)
		if h.disbelieved[must.FetchAnsweredAsAsked] != 1 {
			t.Errorf("%s: disbelieved %d times", test.what, h.disbelieved[must.FetchAnsweredAsAsked])
		}
	}
}

// A busy partition does not keep the others from their turn, although a fetch
// has room for one only.
func TestPartitionsTakeTurns(t *testing.T) {
	for _, sessionless := range []bool{true, false} {
		c := newCluster(1, 3)
		for p := range 3 {
			c.fill(p, []string{"a"}, []string{"b"}, []string{"c"})
		}
		c.spoil = func(a *protocol.FetchResponse) {
			for i := range a.Partitions {
				if i > 0 {
					a.Partitions[i].Records = nil
				}
			}
		}
		h, f := watched(t, c, reader(ConsumerConfig{Sessionless: sessionless}), nil)
		for p := range 3 {
			h.assign(OpID(1+p), p, Position{Kind: AtOffset})
		}
		h.client.config.Limits.PartitionMaxBytes = 1
		got := ""
		for op := OpID(10); len(got) < 9; op++ {
			for _, share := range h.pollOnce(op) {
				for range share.Records {
					got += fmt.Sprint(share.Partition)
				}
			}
		}
		if sessionless && got != "012012012" {
			t.Errorf("read in turn: %s after %q", got, f.list)
		}
		for p := range 3 {
			if n := strings.Count(got, fmt.Sprint(p)); n != 3 {
				t.Errorf("sessionless %v: %s", sessionless, got)
			}
		}
	}
}
