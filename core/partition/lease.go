package partition

import (
	"slices"

	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// lease counts the reads under way that were emitted under one layout of a
// log's files.
type lease struct {
	layout uint32
	reads  int
}

// BeginRead notes a read that Next has filled in, and returns what EndRead needs:
// the files that it may read stay until then, whatever the log's table says.
func (l *Log) BeginRead() uint32 {
	if n := len(l.leases); n == 0 || l.leases[n-1].layout != l.layout {
		l.leases = append(l.leases, lease{layout: l.layout})
	}
	l.leases[len(l.leases)-1].reads++
	return l.layout
}

// EndRead ends what BeginRead began. It reports whether files may have become
// free to go, so that upkeep should look.
func (l *Log) EndRead(layout uint32) bool {
	i := 0
	for i < len(l.leases) && l.leases[i].layout != layout {
		i++
	}
	must.True(i < len(l.leases) && l.leases[i].reads > 0, "P10: a read ends that began")
	l.leases[i].reads--
	done := 0
	for done < len(l.leases) && l.leases[done].reads == 0 {
		done++
	}
	l.leases = l.leases[:copy(l.leases, l.leases[done:])]
	return len(l.gone) > 0
}

// goneSegment is a segment that the table no longer has, and whose files are
// still there.
type goneSegment struct {
	segmentName
	layout uint32 // the first one without it
}

// unread tells whether no read under way can meet a segment.
func (l *Log) unread(g goneSegment) bool {
	return len(l.leases) == 0 || l.leases[0].layout >= g.layout
}

// forgetSegments takes the first n segments out of the table. Their files go by
// a job, once a checkpoint no longer names them and nobody reads them.
func (l *Log) forgetSegments(n int) {
	if n == 0 {
		return
	}
	l.replace(0, n, nil)
}

// replace puts segments into the place of n that stood from i on. It is what
// swaps versions in memory; on disk the next checkpoint does, which names the
// new ones. Until then the old files are there for recovery, and as long as a
// read may meet them for that.
func (l *Log) replace(i, n int, by []segment) {
	l.layout++
	for k := range l.segments[i : i+n] {
		l.gone = append(l.gone, goneSegment{segmentName: l.segments[i+k].segmentName, layout: l.layout})
	}
	l.segments = slices.Replace(l.segments, i, i+n, by...)
	largest := kafka.NoTimestamp
	for i := range l.segments {
		largest = max(largest, l.segments[i].maxTimestamp)
		l.segments[i].runningMax = largest
	}
}

// removable is how many of the gone segments a checkpoint on disk no longer
// names and nobody reads.
func (l *Log) removable() int {
	n := 0
	for n < l.unnamed && l.unread(l.gone[n]) {
		n++
	}
	return n
}

// RemoveArgs names segments of a log whose files are to go.
type RemoveArgs struct {
	log   *Log
	id    kafka.LogID
	names []segmentName
}

// RemoveResult says that they are gone.
type RemoveResult struct {
	log   *Log
	Count int
}

// Remove is the job that removes the files of segments which no checkpoint
// names. What a crash leaves of them is a stray for recovery to remove.
func Remove(fs disk.FS, args any) (any, error) {
	a := args.(*RemoveArgs)
	for _, n := range a.names {
		if err := removeSegment(fs, a.id, n); err != nil {
			return nil, err
		}
	}
	return &RemoveResult{log: a.log, Count: len(a.names)}, fs.SyncDir(LogDir(a.id))
}

// removeSegment removes the files of a segment, the indexes first.
func removeSegment(fs disk.FS, log kafka.LogID, n segmentName) error {
	for _, kind := range []disk.FileKind{disk.FileTimeIndex, disk.FileIndex, disk.FileLog} {
		if err := removeIfThere(fs, n.path(log, kind)); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) removeArgs(n int) *RemoveArgs {
	a := &RemoveArgs{log: l, id: l.Log}
	for _, g := range l.gone[:n] {
		a.names = append(a.names, g.segmentName)
	}
	return a
}

// goneFrom are the segments from a base on that retention has taken. Those that
// the cleaner has replaced lie below.
func (l *Log) goneFrom(base kafka.Offset) (from []goneSegment) {
	for _, g := range l.gone {
		if g.base >= base {
			from = append(from, g)
		}
	}
	return from
}

// removed takes note of files that are gone.
func (l *Log) removed(n int) {
	l.gone = l.gone[:copy(l.gone, l.gone[n:])]
	l.unnamed -= n
}
