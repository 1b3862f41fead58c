package sim

import (
	"encoding/binary"
	"errors"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/broker"
	"trialog/core/client"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/sim/choice"
	simdisk "trialog/sim/disk"
)

// fakeBroker answers a request once 100 bytes of it are synced, asks its
// neighbour for something twice a second, and recovers by a job.
type fakeBroker struct {
	config  broker.Config
	ref     kafka.Ref
	waiting []fakeWait
	next    kafka.Instant
	peers   int
	answers int
	unknown int
	broken  error // what its invariants say
}

type fakeWait struct {
	ref   kafka.Ref
	reply broker.Reply
}

func (f *fakeBroker) Step(now kafka.Now, in broker.Input, out *broker.Effects) {
	switch in := in.(type) {
	case *broker.Start:
		f.next = now.Mono.Add(500 * kafka.Millisecond)
		out.Jobs = append(out.Jobs, disk.Job{Ref: 1, Name: "recover", Run: fakeRecover})
	case *broker.JobDone:
		if in.Err != nil {
			out.Halt = broker.Halt{Set: true, Reason: in.Err.Error()}
		}
	case *broker.Request:
		f.ref++
		out.Appends = append(out.Appends, disk.Append{Ref: f.ref, LSN: kafka.LSN(f.ref), Kind: disk.EntryAppend, Bytes: make([]byte, 100)})
		f.waiting = append(f.waiting, fakeWait{f.ref, broker.Reply{
			Conn: in.Conn, Key: in.Key, Version: in.Version, CorrelationID: in.CorrelationID, Body: kmsg.NewPtrMetadataResponse(),
		}})
	case *broker.Synced:
		for len(f.waiting) > 0 && f.waiting[0].ref <= in.Ref {
			out.Replies = append(out.Replies, f.waiting[0].reply)
			f.waiting = f.waiting[1:]
		}
	case *broker.Failed:
		out.Halt = broker.Halt{Set: true, Reason: in.Err.Error()}
	case *broker.Shutdown:
		out.Halt = broker.Halt{Set: true, Clean: true}
	case *broker.PeerReply:
		if f.answers++; in.Body == nil {
			f.unknown++
		}
	case *broker.Tick:
		if now.Mono < f.next {
			return
		}
		f.next = now.Mono.Add(500 * kafka.Millisecond)
		f.peers++
		to := int32(f.config.NodeID)%3 + 1
		out.Sends = append(out.Sends, broker.Send{
			Ref: kafka.Ref(f.peers), To: kafka.BrokerID(to), Host: "broker" + string(rune('0'+to)), Port: brokerPort,
			Key: protocol.KeyMetadata, Version: 9, Body: kmsg.NewPtrMetadataRequest(),
		})
	default:
		// Connections, the quorum and reads do not concern it.
	}
}

func (f *fakeBroker) Deadline() (kafka.Instant, bool) { return f.next, true }

func (f *fakeBroker) Invariants() error { return f.broken }

func fakeRecover(fs disk.FS, _ any) (any, error) {
	if err := fs.MkdirAll(simdisk.JournalDir); err != nil {
		return nil, err
	}
	names, err := fs.ReadDir(simdisk.JournalDir)
	if err != nil {
		return nil, err
	}
	return len(names), fs.SyncDir(".")
}

// fakeWriter journals 100 bytes an append, in a generation of its own.
type fakeWriter struct {
	fs   disk.FS
	sink *simdisk.Journal
	open bool
}

func (f *fakeWriter) Write(appends []disk.Append) error {
	if !f.open {
		names, err := f.fs.ReadDir(simdisk.JournalDir)
		if err != nil && !errors.Is(err, disk.ErrNotExist) {
			return err
		}
		if err := f.sink.Open(kafka.LSN(len(names) + 1)); err != nil {
			return err
		}
		f.open = true
	}
	for i := range appends {
		if err := f.sink.Append(appends[i].Bytes); err != nil {
			return err
		}
	}
	return f.sink.Flush()
}

func (f *fakeWriter) Sync() error { return f.sink.Sync(nil) }

func (f *fakeWriter) Close() error { return f.sink.Close() }

// fakeClient has one connection and one request under way.
type fakeClient struct {
	host string
	conn client.Conn
	open bool
	op   client.OpID
	corr int32
	next kafka.Instant
	late kafka.Instant // when the request under way is given up
}

func (f *fakeClient) dial(out *client.Effects) {
	f.conn++
	out.Dials = append(out.Dials, client.Dial{Conn: f.conn, Host: f.host, Port: brokerPort})
}

func (f *fakeClient) lost(now kafka.Now, out *client.Effects) {
	f.open = false
	if f.op != 0 {
		out.Dones = append(out.Dones, client.Done{Op: f.op, Outcome: client.Info})
		f.op = 0
	}
	f.next = now.Mono.Add(50 * kafka.Millisecond)
}

func (f *fakeClient) Step(now kafka.Now, in client.Input, out *client.Effects) {
	switch in := in.(type) {
	case *client.Start:
		f.dial(out)
	case *client.Connected:
		f.open = true
	case *client.Disconnected:
		f.lost(now, out)
	case *client.Tick:
		if f.open && f.op != 0 && now.Mono >= f.late {
			out.Closes = append(out.Closes, f.conn)
			f.lost(now, out)
		}
		if !f.open && f.next != 0 && now.Mono >= f.next {
			f.next = 0
			f.dial(out)
		}
	case *client.Flush:
		if !f.open || f.op != 0 {
			out.Dones = append(out.Dones, client.Done{Op: in.Op, Outcome: client.Fail})
			return
		}
		f.op, f.corr, f.late = in.Op, f.corr+1, now.Mono.Add(2*kafka.Second)
		out.Sends = append(out.Sends, client.Send{
			Conn: f.conn, Key: protocol.KeyMetadata, Version: 9, CorrelationID: f.corr, Body: kmsg.NewPtrMetadataRequest(),
		})
	case *client.Response:
		out.Dones = append(out.Dones, client.Done{Op: f.op, Outcome: client.OK})
		f.op = 0
	default:
		// Nobody asks it for anything but flushes.
	}
}

func (f *fakeClient) Deadline() (kafka.Instant, bool) {
	if f.op != 0 {
		return f.late, true
	}
	return f.next, f.next != 0
}

func (f *fakeClient) Invariants() error { return nil }

// fakeApp does an operation every ten milliseconds or so.
type fakeApp struct {
	ops            client.OpID
	ok, fail, info int
	starts         int64
	open           int
}

func (a *fakeApp) Start(c *ClientHost) {
	a.starts++
	a.open = 0
	c.WakeAt(c.Now() + Millisecond)
}

func (a *fakeApp) Wake(c *ClientHost) {
	if c.Phase() >= Healing {
		return
	}
	if c.Choose(choice.AppOp, 8) != 0 {
		a.ops++
		a.open++
		c.Do(&client.Flush{Op: a.ops})
	}
	c.WakeAt(c.Now() + c.Between(choice.AppGap, Millisecond, 20*Millisecond))
}

func (a *fakeApp) Done(_ *ClientHost, d *client.Done) {
	a.open--
	switch d.Outcome {
	case client.OK:
		a.ok++
	case client.Fail:
		a.fail++
	case client.Info:
		a.info++
	}
}

func (a *fakeApp) Idle() bool { return a.open == 0 }

// fakeRun is a world of three fake brokers and four fake clients.
func fakeRun(config Config, apps []*fakeApp) *World {
	config.Brokers = 3
	config.Clients = nil
	for i, a := range apps {
		config.Clients = append(config.Clients, ClientSpec{Name: "client" + string(rune('1'+i)), App: a})
	}
	return newWorld(config, fakes{
		broker: func(c broker.Config) brokerMachine { return &fakeBroker{config: c} },
		client: func(c client.Config) clientMachine {
			return &fakeClient{host: c.Bootstrap[binary.BigEndian.Uint16([]byte(c.ClientID[len(c.ClientID)-2:]))%3].Host}
		},
		writer: func(fs disk.FS, sink *simdisk.Journal) writer { return &fakeWriter{fs: fs, sink: sink} },
	})
}

func fakeApps(n int) []*fakeApp {
	apps := make([]*fakeApp, n)
	for i := range apps {
		apps[i] = &fakeApp{}
	}
	return apps
}

// everyFault strikes with everything there is.
func everyFault() Faults {
	var f Faults
	for k := FaultKind(1); k < FaultKindCount; k++ {
		f.Doses = append(f.Doses, Dose{Kind: k, Share: 60, TimesMin: 0, TimesMax: 4})
	}
	return f
}
