package client

import (
	"fmt"
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// harness runs one client against a cluster in virtual time. Connections keep
// the order of what is sent on them; a broker goes on reading what it was sent
// after the client has hung up.
type harness struct {
	t       tester
	client  *Client
	cluster *cluster
	now     kafka.Instant
	events  []timed
	number  int
	out     Effects
	conns   map[Conn]*link
	wire    bool
	done    map[OpID]Done // records and shares copied
	order   []OpID

	disbelieved [must.BeliefCount]uint32

	// fate decides what becomes of a message; the zero fate delivers it.
	fate func(h *harness, s *Send, attempt int) fate
	sent int
	// refuse makes dialling fail.
	refuse func(to Address) bool
}

// fate is what the network does to one request and its answer.
type fate struct {
	delay      kafka.Duration // before the broker sees it
	answer     kafka.Duration // before the client sees the answer
	lose       bool           // the broker never sees it, and nothing after it
	cut        bool           // the connection breaks instead of the answer
	cutEarly   bool           // the client sees the break at once; the broker reads on
	loseAnswer bool           // the answer, and all after it, never comes
}

type timed struct {
	at     kafka.Instant
	number int
	run    func()
}

type link struct {
	open    bool
	broker  int
	dead    bool // the broker sees nothing more
	mute    bool // the client sees nothing more
	reads   kafka.Instant
	answers kafka.Instant
}

const netDelay = 1 * kafka.Millisecond

// tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func newHarness(t tester, c *cluster, config Config) *harness {
	h := &harness{t: t, cluster: c, conns: map[Conn]*link{}, done: map[OpID]Done{}, now: kafka.Instant(kafka.Second)}
	config.Bootstrap = c.brokers
	config.Fatal = true
	h.client = New(config)
	h.step(&Start{})
	return h
}

func (h *harness) at(d kafka.Duration, run func()) {
	h.number++
	e := timed{h.now.Add(d), h.number, run}
	i, _ := slices.BinarySearchFunc(h.events, e, func(a, b timed) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.number - b.number
	})
	h.events = slices.Insert(h.events, i, e)
}

func (h *harness) step(in Input) {
	h.client.Step(kafka.Now{Mono: h.now, Wall: kafka.TimestampMs(h.now / 1e6)}, in, &h.out)
	if err := h.client.Invariants(); err != nil {
		h.t.Fatal(err)
	}
	out := &h.out
	for i := range out.Dials {
		h.dial(out.Dials[i])
	}
	for i := range out.Sends {
		h.send(&out.Sends[i])
	}
	for _, id := range out.Closes {
		if l := h.conns[id]; l != nil {
			l.open = false
		}
	}
	for i := range out.Dones {
		d := out.Dones[i]
		if _, twice := h.done[d.Op]; twice {
			h.t.Fatalf("operation %d was answered twice", d.Op)
		}
		d.Fetched, d.Rebalances, d.Offsets = slices.Clone(d.Fetched), slices.Clone(d.Rebalances), slices.Clone(d.Offsets)
		for j := range d.Fetched {
			d.Fetched[j].Records = slices.Clone(d.Fetched[j].Records)
		}
		h.done[d.Op] = d
		h.order = append(h.order, d.Op)
	}
	for b, n := range out.Watch.Beliefs {
		h.disbelieved[b] += n
	}
	out.Reset()
}

func (h *harness) dial(d Dial) {
	l := &link{broker: int(d.Port - 9000), reads: h.now, answers: h.now}
	h.conns[d.Conn] = l
	refused := h.refuse != nil && h.refuse(Address{d.Host, d.Port})
	h.at(2*netDelay, func() {
		if refused {
			h.step(&Disconnected{Conn: d.Conn})
			return
		}
		l.open = true
		h.step(&Connected{Conn: d.Conn})
	})
}

// send carries a request to its broker and the answer back, as drawn.
func (h *harness) send(s *Send) {
	l := h.conns[s.Conn]
	var f fate
	h.sent++
	if h.fate != nil {
		f = h.fate(h, s, h.sent)
	}
	key, version, correlation, conn := s.Key, s.Version, s.CorrelationID, s.Conn
	body := protocol.Carry(s.Body, s.Version, nil)
	if h.wire {
		frame := protocol.AppendRequest(nil, key, version, correlation, "c", s.Body)
		_, decoded, code, err := protocol.DecodeRequest(frame[protocol.FramePrefixBytes:], nil)
		if err != nil || code != kafka.None && key != protocol.KeyApiVersions {
			h.t.Fatalf("key %d v%d does not decode: %v %v", key, version, code, err)
		}
		if decoded != nil {
			body = decoded
		}
	}
	l.dead = l.dead || f.lose
	if f.cutEarly {
		h.breakLink(conn, l, 0)
	}
	if l.dead {
		return
	}
	l.reads = max(l.reads, h.now.Add(netDelay+f.delay))
	h.at(l.reads.Sub(h.now), func() {
		answer := h.cluster.serve(l.broker, key, version, body)
		l.mute = l.mute || f.loseAnswer
		if f.cut {
			h.breakLink(conn, l, netDelay)
		}
		if answer == nil || l.mute {
			return
		}
		answer = h.carryAnswer(answer, key, version, correlation)
		l.answers = max(l.answers, h.now.Add(netDelay+f.answer))
		h.at(l.answers.Sub(h.now), func() {
			if l.open {
				h.step(&Response{Conn: conn, CorrelationID: correlation, Body: answer})
			}
		})
	})
}

func (h *harness) carryAnswer(answer protocol.Body, key, version int16, correlation int32) protocol.Body {
	if !h.wire {
		return protocol.Carry(answer, version, nil)
	}
	if key == protocol.KeyApiVersions && version > h.cluster.newest(key) {
		version = 99 // written as version 0
	}
	frame := protocol.AppendResponse(nil, key, version, correlation, answer)
	_, body, code := protocol.DecodeResponse(frame[protocol.FramePrefixBytes:], key, version, nil)
	if code != kafka.None {
		h.t.Fatalf("the answer to key %d v%d does not decode: %v", key, version, code)
	}
	return body
}

func (h *harness) breakLink(conn Conn, l *link, after kafka.Duration) {
	h.at(after, func() {
		if l.open {
			l.open, l.mute = false, true
			h.step(&Disconnected{Conn: conn})
		}
	})
}

// run lets time pass until cond holds, and fails after limit.
func (h *harness) run(limit kafka.Duration, cond func() bool) {
	h.t.Helper()
	end := h.now.Add(limit)
	for idle := 0; !cond(); {
		wake, ok := h.client.Deadline()
		switch {
		case len(h.events) > 0 && (!ok || h.events[0].at <= wake):
			e := h.events[0]
			h.events = h.events[1:]
			h.now = max(h.now, e.at)
			e.run()
			idle = 0
		case ok && wake <= end:
			if wake <= h.now {
				if idle++; idle > 3 {
					h.t.Fatalf("the client asks for ticks without end at %d", h.now)
				}
			}
			h.now = max(h.now, wake)
			h.step(&Tick{})
		default:
			h.t.Fatalf("nothing happens any more; open: %d, done: %v", h.client.open, h.order)
		}
		if h.now > end {
			h.t.Fatalf("not within %d ms; open: %d, done: %v", limit/kafka.Millisecond, h.client.open, h.order)
		}
	}
}

// pass lets time pass.
func (h *harness) pass(d kafka.Duration) {
	h.t.Helper()
	over := false
	h.at(d, func() { over = true })
	h.run(2*d+kafka.Second, func() bool { return over })
}

func (h *harness) settled() bool { return h.client.Idle() }

func (h *harness) produce(op OpID, partition int, values ...string) {
	in := Produce{Op: op, Topic: "orders", Partition: kafka.PartitionIndex(partition)}
	for _, v := range values {
		in.Records = append(in.Records, Record{Timestamp: kafka.NoTimestamp, Value: []byte(v)})
	}
	h.step(&in)
}

// expect checks one outcome.
func (h *harness) expect(op OpID, outcome Outcome, offset kafka.Offset) Done {
	h.t.Helper()
	d, ok := h.done[op]
	if !ok || d.Outcome != outcome || d.Offset != offset {
		h.t.Fatalf("operation %d: %v at %d (%v %v), want %v at %d", op, d.Outcome, d.Offset, d.Err, d.Reason, outcome, offset)
	}
	return d
}

// logged lists what a partition holds.
func (h *harness) logged(partition int) string {
	s := ""
	for _, r := range h.cluster.partitions[partition].values(0) {
		s += fmt.Sprintf("%d:%s ", r.Offset, r.Value)
	}
	return s
}

func (h *harness) wantLog(partition int, want string) {
	h.t.Helper()
	if got := h.logged(partition); got != want {
		h.t.Fatalf("partition %d holds %q, want %q", partition, got, want)
	}
}

// quick are limits that make a test short.
func quick() Limits {
	l := DefaultLimits()
	l.Linger = 2 * kafka.Millisecond
	l.RequestTimeout = 400 * kafka.Millisecond
	l.DeliveryTimeout = 3 * kafka.Second
	l.AdminTimeout = 3 * kafka.Second
	l.DialTimeout = 200 * kafka.Millisecond
	l.RetryBackoff = 10 * kafka.Millisecond
	l.ReconnectBackoff = 10 * kafka.Millisecond
	l.MetadataBackoff = 10 * kafka.Millisecond
	l.RetryBackoffMax = 100 * kafka.Millisecond
	l.FetchMaxWait = 20 * kafka.Millisecond
	return l
}

func idempotent() Config {
	return Config{Seed: 1, Limits: quick(), Producer: ProducerConfig{Acks: -1, Idempotent: true, Retries: 1 << 30}}
}

func plain(retries int32) Config {
	return Config{Seed: 1, Limits: quick(), Producer: ProducerConfig{Acks: -1, Retries: retries}}
}
