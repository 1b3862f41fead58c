package damagetest

import (
	"bytes"
	"slices"

	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
)

// Journal damages the last 4 KiB of the journal's last file: cut off, one bit
// flipped, zeroed to the end, a sector zeroed, at each byte.
func Journal(t T, arm Arm) Counts {
	t.Helper()
	b := newBench(t, arm)
	last := b.records[len(b.records)-1].file
	i := slices.IndexFunc(b.files, func(f file) bool { return f.path == last })
	j := &journalTrial{bench: b, path: last, bytes: b.files[i].bytes}
	j.trial("nothing", 0, j.bytes, all, nil)
	size := len(j.bytes)
	for at := size - window; at < size; at += max(arm.Step, 1) {
		j.truncate(at)
		j.flip(at)
		j.zero(at, size)
		j.zero(at, min(at+64, size))
	}
	return j.counts
}

// journalTrial is the damage to one file of a bench's journal.
type journalTrial struct {
	*bench
	path   string
	bytes  []byte
	counts Counts
}

func (j *journalTrial) here(r *record) bool { return r.file == j.path }

func (j *journalTrial) truncate(at int) {
	j.t.Helper()
	j.trial("truncated", at, j.bytes[:at], func(r *record) bool { return !j.here(r) || r.end <= at }, nil)
}

func (j *journalTrial) zero(from, to int) {
	j.t.Helper()
	b := bytes.Clone(j.bytes)
	clear(b[from:to])
	j.trial("zeroed", from, b, func(r *record) bool {
		if !j.here(r) || r.end <= from || r.start >= to {
			return true
		}
		// The length may go if the frame is found without it; what was zero already is no loss.
		lost := max(from, r.header)
		if to == len(j.bytes) && from <= r.start {
			return false // nothing is left to find
		}
		return lost >= to || bytes.Equal(b[lost:min(to, r.end)], j.bytes[lost:min(to, r.end)])
	}, nil)
}

func (j *journalTrial) flip(at int) {
	j.t.Helper()
	b := bytes.Clone(j.bytes)
	b[at] ^= 1 << (at % 8)
	i := slices.IndexFunc(j.records, func(r record) bool { return r.file == j.path && at < r.end })
	hit := &j.records[i]
	if at < hit.header { // only the length: the frame is found without it
		j.trial("flipped", at, b, all, nil)
		return
	}
	j.trial("flipped", at, b, func(r *record) bool { return r != hit }, hit)
}

// trial recovers and compares. whole says which entries are left; hit is the
// one that alone is damaged, if there is just one.
func (j *journalTrial) trial(what string, at int, damaged []byte, whole func(*record) bool, hit *record) {
	j.t.Helper()
	fs, err := write(j.files, j.path, damaged)
	j.ok(err)
	mark, lost := kafka.LSN(0), kafka.LSN(0)
	for i := range j.records {
		r := &j.records[i]
		if whole(r) {
			mark = max(mark, r.Durable)
		} else if lost == 0 {
			lost = r.LSN
		}
	}
	result := j.recover(fs)
	j.counts.Tried++
	fenced := lost != 0 && lost <= mark
	switch {
	case lost == 0:
		j.counts.Whole++
	case fenced:
		j.counts.Fenced++
	default:
		j.counts.Beyond++
	}
	if fenced != (result.Fenced > 0) {
		j.t.Fatalf("%s at %d: the first loss is entry %d, the newest mark %d, and %d logs are fenced", what, at, lost, mark, result.Fenced)
	}
	if len(result.Logs) != len(j.ids) {
		j.t.Fatalf("%s at %d: %d logs", what, at, len(result.Logs))
	}
	for i, l := range result.Logs {
		due := j.batches(j.ids[i], func(r *record) bool { return r.LSN <= mark || lost == 0 })
		j.compare(what, at, fs, l, due)
		if hit != nil && fenced && (l.Fenced != "") != (l.Log == hit.Log) {
			j.t.Fatalf("%s at %d: entry %d of log %d was hit; log %d is fenced: %q", what, at, hit.LSN, hit.Log, l.Log, l.Fenced)
		}
	}
	j.again(what, at, fs, result)
}

// compare holds one log to what was written: a prefix, and, unless it is
// fenced, everything due.
func (b *bench) compare(what string, at int, fs disk.FS, l *partition.Log, due [][]byte) {
	b.t.Helper()
	got, err := b.fetch(fs, l)
	if err != nil && l.Fenced == "" {
		b.t.Fatalf("%s at %d: log %d: %v", what, at, l.Log, err)
	}
	if !isPrefix(got, b.batches(l.Log, all)) {
		b.t.Fatalf("%s at %d: log %d holds %d batches that are not the first that were written", what, at, l.Log, len(got))
	}
	if l.Fenced == "" && len(got) < len(due) {
		b.t.Fatalf("%s at %d: log %d has lost durable batches: %d of %d are left", what, at, l.Log, len(got), len(due))
	}
}

// again recovers once more: what was decided stands.
func (b *bench) again(what string, at int, fs disk.FS, before *partition.RecoverResult) {
	b.t.Helper()
	after := b.recover(fs)
	if len(after.Logs) != len(before.Logs) {
		b.t.Fatalf("%s at %d: %d logs, and then %d", what, at, len(before.Logs), len(after.Logs))
	}
	for i, l := range after.Logs {
		if k := before.Logs[i]; l.Fenced != k.Fenced || l.LogEndOffset != k.LogEndOffset {
			b.t.Fatalf("%s at %d: log %d changed: from %q to %q, from end %d to %d", what, at, l.Log, k.Fenced, l.Fenced, k.LogEndOffset, l.LogEndOffset)
		}
	}
}
