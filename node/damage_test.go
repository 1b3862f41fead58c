package node_test

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// freeAddress returns an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// journalFiles lists the journal's files in order.
func journalFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "journal", "*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no journal: %v", err)
	}
	slices.Sort(files)
	return files
}

// written kills a node that has acknowledged n records of each topic.
func written(t *testing.T, dir string, n int, topics ...string) {
	t.Helper()
	address := freeAddress(t)
	c := spawn(t, dir, address)
	for _, topic := range topics {
		create(t, address, topic, 1, nil)
		client := connect(t, address, kgo.DefaultProduceTopic(topic))
		for i := range n {
			if err := client.ProduceSync(soon(t), record(topic, i)).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.kill()
}

// TestFailedWriteEndsTheProcess lets a segment run into the largest size that
// the process may give a file: it must end, with a status that says so, and
// what it acknowledged before must be there.
func TestFailedWriteEndsTheProcess(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	c := spawn(t, dir, address, "NODE_CHILD_FSIZE=8388608")
	create(t, address, "full", 1, nil)
	client := connect(t, address, kgo.RecordRetries(0), kgo.DisableIdempotentWrite(), kgo.ProducerBatchCompression(kgo.NoCompression()))
	acknowledged := 0
	for i := 0; i < 100; i++ {
		r := &kgo.Record{Topic: "full", Value: bytes.Repeat([]byte{byte(i)}, 200_000)}
		if client.ProduceSync(soon(t), r).FirstErr() != nil {
			break
		}
		acknowledged++
	}
	client.Close()
	ended := make(chan error, 1)
	go func() { ended <- c.cmd.Wait() }()
	select {
	case err := <-ended:
		if c.cmd.ProcessState.ExitCode() != 3 {
			t.Errorf("the process ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the process goes on after a failed write")
	}
	if acknowledged < 30 || acknowledged > 45 {
		t.Errorf("%d records of 200 kB were acknowledged below 8 MiB", acknowledged)
	}
	n := start(t, dir)
	defer n.stop()
	for i, r := range consume(t, n.node.Addr(), "full", acknowledged) {
		if r.Offset != int64(i) || !bytes.Equal(r.Value, bytes.Repeat([]byte{byte(i)}, 200_000)) {
			t.Fatalf("record %d differs", i)
		}
	}
}

// TestTornJournalTailIsCut ends the journal in the middle of an entry, as a
// power cut does: what was acknowledged is before it.
func TestTornJournalTailIsCut(t *testing.T) {
	for name, tail := range map[string][]byte{
		"half an entry": {0x80, 0x10, 1, 2, 3, 4, 5, 6, 7},
		"zeros":         make([]byte, 4096),
		"noise":         []byte("\x21this is not a frame of the journal, is it"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			written(t, dir, 50, "torn")
			files := journalFiles(t, dir)
			f, err := os.OpenFile(files[len(files)-1], os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(tail); err != nil {
				t.Fatal(err)
			}
			f.Close()
			n := start(t, dir)
			defer n.stop()
			for i, r := range consume(t, n.node.Addr(), "torn", 50) {
				same(t, r, record("torn", i))
			}
			client := connect(t, n.node.Addr())
			if r, err := client.ProduceSync(soon(t), record("torn", 50)).First(); err != nil || r.Offset != 50 {
				t.Errorf("the next record went to %d, %v", r.Offset, err)
			}
		})
	}
}

// TestLostSegmentBytesAreRedone cuts a segment to nothing behind the node's
// back, as a power cut does with what only the journal had synced.
func TestLostSegmentBytesAreRedone(t *testing.T) {
	dir := t.TempDir()
	written(t, dir, 50, "redo")
	segments, err := filepath.Glob(filepath.Join(dir, "logs", "*", "*.log"))
	if err != nil || len(segments) != 1 {
		t.Fatalf("segments %v, %v", segments, err)
	}
	if err := os.Truncate(segments[0], 100); err != nil {
		t.Fatal(err)
	}
	n := start(t, dir)
	defer n.stop()
	for i, r := range consume(t, n.node.Addr(), "redo", 50) {
		same(t, r, record("redo", i))
	}
}

// TestDamageFencesItsLogOnly flips a bit of an entry that was durable: its log
// is not served any more, the others are.
func TestDamageFencesItsLogOnly(t *testing.T) {
	dir := t.TempDir()
	written(t, dir, 30, "bad", "good")
	file := journalFiles(t, dir)[0]
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	value := record("bad", 10).Value
	at := bytes.Index(b, value)
	if at < 0 {
		t.Fatal("the record is not in the journal")
	}
	b[at] ^= 1
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	n := start(t, dir)
	defer n.stop()
	for i, r := range consume(t, n.node.Addr(), "good", 30) {
		same(t, r, record("good", i))
	}
	client := connect(t, n.node.Addr(), kgo.RecordRetries(2))
	if err := client.ProduceSync(soon(t), record("bad", 31)).FirstErr(); err == nil {
		t.Error("a damaged log was written to")
	}
	if err := client.ProduceSync(soon(t), record("good", 31)).FirstErr(); err != nil {
		t.Errorf("the other log: %v", err)
	}
}
