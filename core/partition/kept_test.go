package partition

import (
	"testing"

	"trialog/core/disk"
	"trialog/core/disk/memfs"
	"trialog/core/kafka"
)

// TestKept: since when everything written to a directory is there, over the
// lives of one directory.
func TestKept(t *testing.T) {
	life := func(n int) kafka.IncarnationID { return kafka.IncarnationID{15: byte(n)} }
	fs := memfs.New()
	limits := DefaultLimits()
	start := func(incarnation int, boot string) kafka.IncarnationID {
		r, err := Recover(fs, &RecoverArgs{
			NodeID: 1, Directory: kafka.DirectoryID{1}, Incarnation: life(incarnation), Boot: boot, Limits: &limits, IndexIntervalBytes: 4096,
		})
		if err != nil {
			t.Fatal(err)
		}
		return r.(*RecoverResult).KeptSince
	}
	stop := func() {
		if _, err := MarkClean(fs, &MarkCleanArgs{epoch: 5}); err != nil {
			t.Fatal(err)
		}
	}
	fail := func() {
		failed := func(disk.FS, any) (any, error) { return nil, disk.ErrIO }
		if _, err := Doubting(failed)(fs, nil); err == nil {
			t.Fatal("the error is gone")
		}
	}
	for i, c := range []struct {
		do   func()
		boot string
		want int
		what string
	}{
		{nil, "a", 1, "a new directory"},
		{nil, "a", 1, "a killed process"},
		{nil, "b", 3, "another boot"},
		{nil, "b", 3, "a killed process of it"},
		{stop, "c", 3, "another boot after a clean stop"},
		{nil, "d", 6, "one more, and the mark is spent"},
		{fail, "d", 7, "a failed job"},
		{nil, "", 8, "no boot ID"},
		{nil, "", 9, "still none"},
		{nil, "d", 10, "one that was known once"},
	} {
		if c.do != nil {
			c.do()
		}
		if got := start(i+1, c.boot); got != life(c.want) {
			t.Fatalf("%s: kept since %v, not %v", c.what, got, life(c.want))
		}
	}
}

// TestDecodeKept: what encode wrote comes back, and nothing else is taken.
func TestDecodeKept(t *testing.T) {
	k := kept{boot: "0b1f-77", since: kafka.IncarnationID{3, 14}}
	if got, ok := decodeKept(k.encode()); !ok || got != k {
		t.Fatalf("%+v, %v", got, ok)
	}
	for _, bad := range []string{"", "version=2\nboot=a\nsince=AAAAAAAAAAAAAAAAAAAAAA\n", "version=1\nboot=a\nsince=x\n", "version=1\nboot=\n"} {
		if _, ok := decodeKept([]byte(bad)); ok {
			t.Errorf("%q was taken", bad)
		}
	}
}
