package partition

import (
	"bytes"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/disk/memfs"
	"trialog/core/kafka"
)

func fuzzFrame(lsn kafka.LSN, payload []byte, salt Salt) []byte {
	a := disk.Append{LSN: lsn, Durable: lsn - 1, PrevLSN: lsn - 1, PrevLog: 3, Kind: disk.EntryEpochStart, Log: 3, Segment: 5, Pos: 6,
		BaseOffset: 7, LeaderEpoch: 8, Timestamp: 9, Bytes: payload}
	frame, _ := appendFrame(nil, &a, salt, stamp)
	return frame
}

// FuzzFrame: what decodes encodes to the same bytes.
func FuzzFrame(f *testing.F) {
	f.Add(fuzzFrame(5, []byte("payload"), 77))
	f.Add(fuzzFrame(1<<60, nil, 77))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= frameHeaderSize { // let the fuzzer get behind the CRC
			crc := headerCRC(b, 77)
			b[92], b[93], b[94], b[95] = byte(crc>>24), byte(crc>>16), byte(crc>>8), byte(crc)
		}
		var a disk.Append
		n, ok := decodeHeader(b, 77, &a)
		if !ok || n != len(b)-frameHeaderSize || b[atFlags] != 0 || b[atFlags+1] != 0 {
			return
		}
		a.Bytes = b[frameHeaderSize:]
		if !intactPayload(b, a.Bytes) {
			return
		}
		again, _ := appendFrame(nil, &a, 77, func([]byte, *disk.Append) {})
		if !bytes.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
	})
}

// FuzzScan: a scan of any bytes ends, and what it finds among them is frames.
func FuzzScan(f *testing.F) {
	var file []byte
	for i := range kafka.LSN(4) {
		frame := fuzzFrame(i+1, bytes.Repeat([]byte{byte(i)}, int(i)*30), 77)
		file = append(appendUvarint(file, uint64(len(frame))), frame...)
	}
	f.Add(file)
	f.Add(file[:len(file)-5])
	f.Add(append(bytes.Repeat([]byte{0}, 40), file...))
	f.Add([]byte("TLJFTLJFTLJF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fs := memfs.New()
		file, err := fs.Create("j")
		if err != nil {
			t.Fatal(err)
		}
		if err := writeAt(file, b, 0); err != nil {
			t.Fatal(err)
		}
		found := 0
		if _, err := scanFile(fs, "j", 77, func(e *entry) error {
			if found++; found*frameHeaderSize > len(b) {
				t.Fatal("more frames than fit")
			}
			if !e.hurt && !bytes.Contains(b, e.Bytes) {
				t.Fatal("a payload from nowhere")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzCheckpoint: no bytes make a log that breaks its invariants.
func FuzzCheckpoint(f *testing.F) {
	limits := smallLimits()
	n := startNode(f, newCrashFS(), limits)
	l := n.create(Synced, 4)
	n.lead(l, 2)
	for i := range uint64(30) {
		n.append(l, testBatch(i, 2, 50, batch.Producer{ID: 1 + kafka.ProducerID(i%2), BaseSequence: sequenceOf(l, 1+kafka.ProducerID(i%2))}))
	}
	n.sync()
	f.Add(encodeCheckpoint(n.now, l, 9, 8))
	l.Fence("a reason")
	f.Add(encodeCheckpoint(n.now, bare(f), 1, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCheckpoint(fixCheckpoint(b), n.now, limits)
		if err != nil {
			return
		}
		if err := c.log.Invariants(); err != nil {
			t.Fatal(err)
		}
		again, err := decodeCheckpoint(encodeCheckpoint(n.now, c.log, c.lsn, c.durable), n.now, limits)
		if err != nil || again.lsn != c.lsn || again.log.LogEndOffset != c.log.LogEndOffset || producersString(&again.log.producers) != producersString(&c.log.producers) {
			t.Fatalf("does not survive another round: %v", err)
		}
	})
}

// fixCheckpoint sets length and CRC right, so that the fuzzer gets behind them.
func fixCheckpoint(b []byte) []byte {
	if len(b) < checkpointHeaderSize {
		return b
	}
	e := encoder{}
	e.u32(uint32(len(b) - checkpointHeaderSize))
	e.u32(crcOf(b[checkpointHeaderSize:]))
	return append(append(bytes.Clone(b[:8]), e.b...), b[checkpointHeaderSize:]...)
}

// FuzzRecover: recovery of any bytes in the journal ends, breaks no invariant,
// and what it decides stands.
func FuzzRecover(f *testing.F) {
	bench := newDamageBench(f)
	base, path, limits := bench.fs, bench.path, bench.limits
	whole := bench.bytes(base)
	f.Add(whole)
	f.Add(whole[:len(whole)-100])
	flipped := bytes.Clone(whole)
	flipped[500] ^= 1
	f.Add(flipped)
	f.Fuzz(func(t *testing.T, b []byte) {
		fs := base.restart()
		file := fs.find(path)
		file.bytes, file.durable = bytes.Clone(b), bytes.Clone(b)
		m := startNode(t, fs, limits)
		m.alive()
		again := startNode(t, m.fs.powerCut(nil), limits)
		again.alive()
		if len(again.logs) != len(m.logs) {
			t.Fatalf("%d logs, then %d", len(m.logs), len(again.logs))
		}
		for i, l := range m.logs {
			if k := again.logs[i]; k.LogEndOffset != l.LogEndOffset || k.Fenced != l.Fenced {
				t.Fatalf("log %d ended at %d (%q), then at %d (%q)", l.Log, l.LogEndOffset, l.Fenced, k.LogEndOffset, k.Fenced)
			}
		}
	})
}

// FuzzMeta: meta.properties and the clean mark.
func FuzzMeta(f *testing.F) {
	m := meta{node: 4, directory: kafka.DirectoryID{1, 2}, clusterID: "abc"}
	f.Add(m.encode())
	mark := cleanMark{lsn: 12, epoch: 13}
	f.Add(mark.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := decodeMeta(b); err == nil {
			if again, err := decodeMeta(m.encode()); err != nil || again != m {
				t.Fatalf("%+v became %+v: %v", m, again, err)
			}
		}
		if c, ok := decodeCleanMark(b); ok {
			if again, ok := decodeCleanMark(c.encode()); !ok || again != c {
				t.Fatalf("%+v became %+v", c, again)
			}
		}
	})
}
