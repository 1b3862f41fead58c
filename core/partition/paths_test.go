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
