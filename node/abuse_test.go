package node_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"net"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/core/batch"
	"trialog/core/protocol"
	"trialog/node"
)

// TestHostileClientsDisturbNobody works beside clients of every bad kind: what
// is produced is acknowledged and comes back, and the node is well afterwards.
func TestHostileClientsDisturbNobody(t *testing.T) {
	n := start(t, t.TempDir(), func(c *node.Config) {
		c.AdminListen = "127.0.0.1:0"
		c.Broker["trialog.batch.max.decompressed.bytes"] = "8388608"
	})
	defer n.stop()
	create(t, n.node.Addr(), "good", 1, nil)
	create(t, n.node.Addr(), "bad", 1, nil)
	kinds := abuses(t, "bad", 16<<20)
	stop := abusing(n.node.Addr(), append(kinds, kinds...)...)
	client := connect(t, n.node.Addr())
	for i := range 300 {
		if err := client.ProduceSync(soon(t), record("good", i)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	got := consume(t, n.node.Addr(), "good", 300)
	stop()
	for i, r := range got {
		if want := record("good", i); !bytes.Equal(r.Key, want.Key) || !bytes.Equal(r.Value, want.Value) {
			t.Fatalf("record %d came back as %q", i, r.Value)
		}
	}
	if metric(t, n.ready.Admin, "kafka_network_requestmetrics_malformed_total") == 0 {
		t.Error("nobody was noticed")
	}
	end := time.Now().Add(patience)
	for metric(t, n.ready.Admin, "trialog_request_memory_bytes") != 0 || metric(t, n.ready.Admin, "trialog_response_memory_bytes") != 0 {
		if time.Now().After(end) {
			t.Fatal("memory is held by clients that have gone")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestBombsAreRefusedByTheirSize: small batches that unpack to more than the
// bound, of each codec, with the code that Kafka has for it; what is below the
// bound and above what is checked beside others is taken.
func TestBombsAreRefusedByTheirSize(t *testing.T) {
	n := start(t, t.TempDir(), func(c *node.Config) { c.Broker["trialog.batch.max.decompressed.bytes"] = "8388608" })
	defer n.stop()
	create(t, n.node.Addr(), "bench", 1, nil)
	for _, id := range []batch.CodecID{batch.Gzip, batch.Snappy, batch.LZ4, batch.Zstd} {
		for _, c := range []struct {
			size int
			want int16
		}{{1 << 20, 0}, {6 << 20, 0}, {9 << 20, 10}, {64 << 20, 10}} {
			if id == batch.Snappy && c.size == 64<<20 {
				continue // its batch is larger than message.max.bytes, which has the same code
			}
			for _, record := range []int{c.size, 1000} {
				reply := ask(t, dial(t, n.node.Addr()), bombFrame(t, "bench", id, c.size, record), 1)[0]
				const code = 4 + 4 + 2 + len("bench") + 4 + 4 // correlation, topics, name, partitions, partition
				if got := int16(binary.BigEndian.Uint16(reply[code:])); got != c.want {
					t.Errorf("codec %d, %d MiB in records of %d: error %d, want %d", id, c.size>>20, record, got, c.want)
				}
			}
		}
	}
}

// TestWhoWastesTimeWaits: neither the end of a connection, after garbage, nor the
// refusal of a batch that unpacks to more than the bound comes before the
// penalty pause is over, so that no client can do more of either.
func TestWhoWastesTimeWaits(t *testing.T) {
	const pause = 300 * time.Millisecond
	n := start(t, t.TempDir(), func(c *node.Config) {
		c.Network.PenaltyPause = pause
		c.Broker["trialog.batch.max.decompressed.bytes"] = "8388608"
	})
	defer n.stop()
	create(t, n.node.Addr(), "bad", 1, nil)
	for _, kind := range abuses(t, "bad", 16<<20) {
		if kind.name == "half a frame" || kind.name == "nothing" {
			continue // they wait for nothing
		}
		c := dial(t, n.node.Addr())
		began := time.Now()
		kind.do(c)
		if took := time.Since(began); took < pause {
			t.Errorf("%s: over after %v", kind.name, took)
		}
	}
}

// TestHalfAFrameIsNotWaitedFor: what was announced must come.
func TestHalfAFrameIsNotWaitedFor(t *testing.T) {
	n := start(t, t.TempDir(), func(c *node.Config) { c.Network.FrameTimeout = 200 * time.Millisecond })
	defer n.stop()
	for what, size := range map[string]int{"no byte of 100 KiB": 0, "a tenth of 100 KiB": 10 << 10, "all but one of 100 KiB": 100<<10 - 1} {
		c := dial(t, n.node.Addr())
		say(c, append(binary.BigEndian.AppendUint32(nil, 100<<10), make([]byte, size)...))
		ends(t, c, what)
	}
}

// TestStalledRequestsMakeRoom fills the memory for requests with large ones
// that do not go on: small requests never notice, and another large one gets
// its turn when the stalled ones have been closed.
func TestStalledRequestsMakeRoom(t *testing.T) {
	n := start(t, t.TempDir(), func(c *node.Config) {
		c.AdminListen = "127.0.0.1:0"
		c.Broker["queued.max.request.bytes"] = "16777216"
		c.Broker["max.connections.per.ip"] = "1000"
	})
	defer n.stop()
	settings := map[string]*string{"max.message.bytes": new("4000000")}
	create(t, n.node.Addr(), "t", 1, settings)
	client := connect(t, n.node.Addr(), kgo.ProducerBatchMaxBytes(4_000_000), kgo.ProducerBatchCompression(kgo.NoCompression()))
	for range 40 {
		c := dial(t, n.node.Addr())
		say(c, append(binary.BigEndian.AppendUint32(nil, 6<<20), make([]byte, 100<<10)...))
	}
	for metric(t, n.ready.Admin, "trialog_request_memory_bytes") < 12<<20 {
		time.Sleep(5 * time.Millisecond)
	}
	for i := range 20 {
		if err := client.ProduceSync(soon(t), record("t", i)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	large := &kgo.Record{Topic: "t", Value: make([]byte, 3_000_000)}
	if err := client.ProduceSync(soon(t), large).FirstErr(); err != nil {
		t.Errorf("no room for a large request: %v", err)
	}
	if metric(t, n.ready.Admin, "trialog_connections_reclaimed_total") == 0 {
		t.Error("nobody made room")
	}
}

// TestUnreadRepliesMakeRoom lets many clients ask for much and read nothing.
// What the node reads for them stays within the bound, and one that reads gets
// everything.
func TestUnreadRepliesMakeRoom(t *testing.T) {
	const bound = 8 << 20
	n := start(t, t.TempDir(), func(c *node.Config) {
		c.AdminListen = "127.0.0.1:0"
		c.Broker["trialog.queued.max.response.bytes"] = "8388608"
	})
	defer n.stop()
	create(t, n.node.Addr(), "much", 1, nil)
	client := connect(t, n.node.Addr(), kgo.ProducerBatchCompression(kgo.NoCompression()))
	const records, size = 64, 500_000
	for i := range records {
		if err := client.ProduceSync(soon(t), &kgo.Record{Topic: "much", Value: bytes.Repeat([]byte{byte(i)}, size)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for k := range 30 {
		c := dial(t, n.node.Addr())
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4 << 10)
		}
		for i := range 16 {
			say(c, fetchFrame("much", int32(i), int32(1+k%3)<<20))
		}
	}
	most := 0.0
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
				most = max(most, metric(t, n.ready.Admin, "trialog_response_memory_bytes"))
			}
		}
	})
	for i, r := range consume(t, n.node.Addr(), "much", records, kgo.FetchMaxBytes(1<<20), kgo.FetchMaxPartitionBytes(1<<20)) {
		if len(r.Value) != size || r.Value[0] != byte(i) || r.Value[size-1] != byte(i) {
			t.Fatalf("record %d came back as %d bytes of %d", i, len(r.Value), r.Value[0])
		}
	}
	close(done)
	watching.Wait()
	if most > 2*bound || most < bound/4 {
		t.Errorf("%.1f MiB were read and not sent, with a bound of %d", most/(1<<20), bound>>20)
	}
}

func TestConnectionsOfOneAddressAreLimited(t *testing.T) {
	n := start(t, t.TempDir(), func(c *node.Config) { c.Broker["max.connections.per.ip"] = "2" })
	defer n.stop()
	first, second := dial(t, n.node.Addr()), dial(t, n.node.Addr())
	hello := []byte{0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff}
	ask(t, first, hello, 1)
	ask(t, second, hello, 1)
	ends(t, dial(t, n.node.Addr()), "a third connection of one address")
	other := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: patience}
	c, err := other.Dial("tcp", n.node.Addr())
	if err != nil {
		t.Logf("this machine has no second loopback address: %v", err)
		return
	}
	defer c.Close()
	ask(t, c, hello, 1)
}

// TestManyConnectionsStayWithinMemory opens 2,000 idle connections and works on
// 200, in one process with their clients, and holds the whole process to what
// the settings allow.
func TestManyConnectionsStayWithinMemory(t *testing.T) {
	const idle, busy, requests = 2000, 200, 20
	n := start(t, t.TempDir(), func(c *node.Config) {
		c.AdminListen = "127.0.0.1:0"
		c.Broker["queued.max.request.bytes"] = "33554432"
		c.Broker["trialog.queued.max.response.bytes"] = "33554432"
		c.Broker["trialog.tail.cache.bytes"] = "16777216"
	})
	defer n.stop()
	create(t, n.node.Addr(), "bench", 1, nil)
	before := taken()
	hello := []byte{0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff}
	for range idle {
		ask(t, dial(t, n.node.Addr()), hello, 1)
	}
	connected := taken()
	frame := produceRequest("bench", 16<<10)
	var working sync.WaitGroup
	for range busy {
		c := dial(t, n.node.Addr())
		working.Go(func() {
			in, reply := bufio.NewReader(c), make([]byte, 1024)
			for range requests {
				say(c, frame)
				if err := skipFrame(in, reply); err != nil {
					t.Error(err)
					return
				}
				say(c, fetchFrame("bench", 1, 64<<10))
				if f, err := protocol.ReadFrame(in, 1<<20); err != nil || len(f) < 64<<10 && len(f) < 16<<10 {
					t.Errorf("a fetch of %d bytes, %v", len(f), err)
					return
				}
			}
		})
	}
	most := before
	worked := make(chan struct{})
	go func() { working.Wait(); close(worked) }()
	for done := false; !done; {
		select {
		case <-worked:
			done = true
		case <-time.After(20 * time.Millisecond):
			most = max(most, taken())
			held := metric(t, n.ready.Admin, "trialog_request_memory_bytes") + metric(t, n.ready.Admin, "trialog_response_memory_bytes")
			cache := metric(t, n.ready.Admin, "trialog_tail_cache_bytes")
			if held > 64<<20 || cache > 16<<20 {
				t.Fatalf("%.1f MiB of requests and replies, %.1f MiB of cache", held/(1<<20), cache/(1<<20))
			}
		}
	}
	perIdle := (int64(connected) - int64(before)) / idle
	t.Logf("%d KiB before, %d KiB with %d idle connections (%d bytes each, their clients' ends included), at most %d KiB with %d busy ones",
		before>>10, connected>>10, idle, perIdle, most>>10, busy)
	if perIdle > 64<<10 {
		t.Errorf("%d bytes for an idle connection", perIdle)
	}
	// Garbage that the collector has not come to counts too, so twice the settings.
	if bound := connected + 2*(32+32+16)<<20; most > bound {
		t.Errorf("%d MiB, the bound is %d MiB", most>>20, bound>>20)
	}
	if got := metric(t, n.ready.Admin, "kafka_server_socket_server_metrics_connection_count"); got < idle {
		t.Errorf("only %.0f connections are open", got)
	}
}

// taken is what the Go runtime has from the system and has not given back.
func taken() uint64 {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys - m.HeapReleased
}
