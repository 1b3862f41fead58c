package damagetest_test

import (
	"testing"

	"trialog/core/disk/memfs"
	"trialog/core/partition/damagetest"
)

// plain is the suite's own arm.
func plain() damagetest.Arm {
	fs := memfs.New()
	return damagetest.Arm{FS: fs, Sink: &damagetest.Appender{FS: fs}, Step: 1}
}

func TestEveryByteOfTheJournal(t *testing.T) {
	t.Logf("%+v", damagetest.Journal(t, plain()))
}

func TestEveryByteOfASegment(t *testing.T) {
	t.Logf("%+v", damagetest.Segment(t, plain(), false))
}

func TestEveryByteOfACheckpointedSegment(t *testing.T) {
	t.Logf("%+v", damagetest.Segment(t, plain(), true))
}
