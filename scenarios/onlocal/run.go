package onlocal

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/checker/history"
)

// run is what everybody who takes part in one seed shares.
type run struct {
	plan    *plan
	record  *history.SharedRecorder
	began   time.Time
	address string
	wire    *wire
	clients atomic.Int32 // given out
	pids    atomic.Int32 // processes of clients, given out
	writers atomic.Int32
	open    atomic.Int32 // sends of idempotent producers that await their outcome

	crowd    *crowd
	restarts restarts
	tallies  tallies
	grown    [mostTopics]atomic.Int32 // by topic: partitions that were added

	mu     sync.Mutex
	broken error // the first thing that the harness could not do
	still  error // the first thing that stood still
}

func (r *run) now() int64 { return time.Since(r.began).Nanoseconds() }

// fail notes that the trial could not be carried out as declared.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken == nil {
		r.broken = err
	}
}

// stuck notes that what should go on does not.
func (r *run) stuck(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.still == nil {
		r.still = err
	}
}

func (r *run) standstill() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.still
}

func (r *run) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken
}

func (r *run) client() int32  { return r.clients.Add(1) - 1 }
func (r *run) process() int32 { return r.pids.Add(1) - 1 }

func (r *run) phase(name string) {
	e := history.NewEvent(history.Phase, history.Unset)
	e.Note = name
	r.record.Event(r.now(), &e)
}

func (r *run) event(kind history.EventKind, fault history.FaultKind, clean bool) {
	r.eventAt(1, kind, fault, clean)
}

func (r *run) eventAt(node int32, kind history.EventKind, fault history.FaultKind, clean bool) {
	e := history.NewEvent(kind, node)
	e.Fault, e.Clean = fault, clean
	r.record.Event(r.now(), &e)
}

// newClient makes a franz-go client that is quick to come back.
func (r *run) newClient(options ...kgo.Opt) (*kgo.Client, error) {
	base := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(r.address, ",")...),
		kgo.MetadataMinAge(50 * time.Millisecond),
		kgo.RetryBackoffFn(func(tries int) time.Duration {
			return min(time.Duration(tries)*10*time.Millisecond, 200*time.Millisecond)
		}),
		kgo.RequestTimeoutOverhead(5 * time.Second),
		kgo.RetryTimeout(2 * time.Minute),
		kgo.RequestRetries(1000),
		kgo.DisableClientMetrics(),
		kgo.AlwaysRetryEOF(),
	}
	if r.wire != nil {
		base = append(base, kgo.Dialer(r.wire.dial))
	} else {
		base = append(base, kgo.Dialer(func(ctx context.Context, network, host string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, network, host)
		}))
	}
	return kgo.NewClient(append(base, options...)...)
}
