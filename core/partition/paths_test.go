package partition

import (
	"testing"

	"pgregory.net/rapid"

	"trialog/core/disk"
	"trialog/core/kafka"
)

func TestReadPathsAreOneAndTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := disk.Read{
			Log:     kafka.LogID(rapid.Uint64().Draw(t, "log")),
			Segment: kafka.Offset(rapid.Int64Min(0).Draw(t, "segment")),
			File:    rapid.SampledFrom([]disk.FileKind{disk.FileLog, disk.FileIndex, disk.FileTimeIndex}).Draw(t, "file"),
		}
		path := ReadPath(&r)
		if got := string(AppendReadPath([]byte("x"), &r)); got != "x"+path {
			t.Fatalf("%q, appended %q", path, got)
		}
		if HoldsRecords(path) != (r.File == disk.FileLog) {
			t.Fatalf("%q holds records: %v", path, HoldsRecords(path))
		}
	})
}

func TestPaths(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{LogDir(7), "logs/00000000000000000007"},
		{LogDir(1<<64 - 1), "logs/18446744073709551615"},
		{SegmentPath(7, 42, disk.FileLog), "logs/00000000000000000007/00000000000000000042.log"},
		{VersionPath(7, 42, 1<<32-1, disk.FileTimeIndex), "logs/00000000000000000007/00000000000000000042-4294967295.timeindex"},
		{string(AppendReadPath(nil, &disk.Read{Log: 7, Segment: 42, Version: 3, File: disk.FileIndex})), "logs/00000000000000000007/00000000000000000042-3.index"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	if n := len(VersionPath(1<<64-1, 1<<63-1, 1<<32-1, disk.FileTimeIndex)); n > pathBytes {
		t.Errorf("the longest name has %d bytes, and %d are kept for it", n, pathBytes)
	}
	path := ""
	if n := testing.AllocsPerRun(100, func() { path = VersionPath(7, 42, 3, disk.FileLog) }); n > 1 {
		t.Errorf("%v allocations for %s", n, path)
	}
}
