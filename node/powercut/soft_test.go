package powercut_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// softTopic is not synced before it is acknowledged (Kafka's default): a power
// cut may take its newest records, and nothing else may come of it.
const softTopic = "soft"

// soft writes to softTopic, one record at a time and without a sequence.
type soft struct {
	t       *testing.T
	address string
	stop    context.Context
	end     context.CancelFunc
	ended   chan struct{}

	mu     sync.Mutex
	sent   int   // records 0 to sent-1 were given to the client
	newest int64 // offset of the last one acknowledged, -1: none since the last look

	acked, lost int
}

func newSoft(t *testing.T, address string) *soft {
	s := &soft{t: t, address: address, ended: make(chan struct{}), newest: -1}
	s.stop, s.end = context.WithCancel(context.Background())
	t.Cleanup(s.end)
	return s
}

func (s *soft) start() {
	never := "9223372036854775807"
	segment := "65536"
	createTopic(s.t, s.address, softTopic, 1, map[string]*string{"flush.messages": &never, "segment.bytes": &segment})
	client := connect(s.t, s.address, kgo.DefaultProduceTopic(softTopic), kgo.DisableIdempotentWrite(),
		kgo.MaxProduceRequestsInflightPerBroker(1), kgo.RecordRetries(1<<30), kgo.ProduceRequestTimeout(2*time.Second))
	go func() {
		defer close(s.ended)
		for n := 0; s.stop.Err() == nil; n++ {
			s.mu.Lock()
			s.sent = n + 1
			s.mu.Unlock()
			r, err := client.ProduceSync(s.stop, &kgo.Record{Value: valueOf(producers, n)}).First()
			if err == nil {
				s.mu.Lock()
				s.newest = r.Offset
				s.acked++
				s.mu.Unlock()
			}
		}
	}()
}

func (s *soft) finish() {
	s.end()
	<-s.ended
}

// audit looks at the newest records after a restart: everything there is was
// written. After a mere kill nothing acknowledged is missing.
func (s *soft) audit(killed bool, newest int64) {
	s.t.Helper()
	client := connect(s.t, s.address)
	a := kadm.NewClient(client)
	var end kadm.ListedOffset
	led := settled(patience, func() bool { // there is no leader in the first moments
		ends, err := a.ListEndOffsets(soon(s.t), softTopic)
		if err == nil {
			end, _ = ends.Lookup(softTopic, 0)
		}
		return err == nil && end.Err == nil
	})
	if !led {
		s.t.Fatalf("%s is led by nobody", softTopic)
	}
	client.Close()
	if missing := newest + 1 - end.Offset; missing > 0 {
		if killed {
			s.t.Errorf("a kill has taken %d records of %s", missing, softTopic)
		}
		s.lost += int(missing)
	}
	from := max(end.Offset-500, 0)
	client = connect(s.t, s.address, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{softTopic: {0: kgo.NewOffset().At(from)}}))
	defer client.Close()
	for next := from; next < end.Offset; {
		fetches := client.PollFetches(soon(s.t))
		if err := fetches.Err(); err != nil {
			s.t.Fatalf("reading %s at %d of %d: %v", softTopic, next, end.Offset, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			var p, n int
			if _, err := fmt.Sscanf(string(r.Value[:min(len(r.Value), 40)]), "%d %d ", &p, &n); err != nil || !bytes.Equal(r.Value, valueOf(p, n)) || n >= s.given() {
				s.t.Fatalf("%s, offset %d: nobody wrote %.60q", softTopic, r.Offset, r.Value)
			}
			if r.Offset != next {
				s.t.Fatalf("%s: offset %d where %d was due", softTopic, r.Offset, next)
			}
			next++
		})
	}
}

func (s *soft) given() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// told is the offset of the last record acknowledged, when the node is gone.
func (s *soft) told() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.newest
	s.newest = -1
	return n
}
