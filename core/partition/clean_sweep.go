package partition

import (
	"errors"

	"trialog/core/batch"
	"trialog/core/disk"
)

// cleanBuffer is how much of a new segment is written at once.
const cleanBuffer = 1 << 20

// sweep goes on with a group, or begins the next. It tells whether one has
// ended that is to be swapped in.
func (c *cleaning) sweep(fs disk.FS) (swap bool, err error) {
	if !c.open {
		if err := c.begin(fs); err != nil {
			return false, err
		}
	}
	for c.at < c.group {
		end, err := c.read(fs, func(v batch.View) error { return c.keep(fs, v) })
		if err != nil || !end {
			return false, err
		}
	}
	c.open = false
	if !c.changed && c.group == c.first+1 { // it would replace a file by the same again
		same := c.out.segmentName
		c.unsaved, c.out = c.unsaved[:0], segment{}
		return false, removeSegment(fs, c.log.Log, same)
	}
	return true, c.seal(fs)
}

// begin begins a group: as many segments as fit into one.
func (c *cleaning) begin(fs disk.FS) error {
	c.first, c.group = c.at, c.at+1
	size := c.sources[c.at].size
	for c.group < len(c.sources) {
		s := &c.sources[c.group]
		if size += s.size; size > c.largest || s.end-c.sources[c.first].base > 1<<31-1 {
			break
		}
		c.group++
	}
	c.open, c.changed = true, false
	c.before = c.counted()
	c.out = newSegment(c.sources[c.first].base)
	c.out.version = c.next
	c.next++
	f, err := openOrCreate(fs, c.out.path(c.log.Log, disk.FileLog))
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(0), f.Close())
}

// keep takes over what stays of a batch.
func (c *cleaning) keep(fs disk.FS, v batch.View) error {
	left, err := c.sweeper.Sweep(v)
	if err != nil {
		return err
	}
	if left == nil || &left[0] != &v[0] {
		c.changed = true
	}
	if left == nil {
		return nil
	}
	c.out.add(left.LastOffset(), len(left), left.MaxTimestamp(), c.interval)
	c.stats.Written += int64(len(left))
	if c.unsaved = append(c.unsaved, left...); len(c.unsaved) < cleanBuffer {
		return nil
	}
	return c.save(fs)
}

// save writes what is not in the new segment's file yet.
func (c *cleaning) save(fs disk.FS) (err error) {
	if !c.open || len(c.unsaved) == 0 {
		return nil
	}
	f, err := fs.Open(c.out.path(c.log.Log, disk.FileLog))
	if err != nil {
		return err
	}
	err = writeAt(f, c.unsaved, c.out.size-int64(len(c.unsaved)))
	c.unsaved = c.unsaved[:0]
	return errors.Join(err, f.Close())
}

// seal makes a new segment durable, with its index and its names.
func (c *cleaning) seal(fs disk.FS) error {
	c.open = true
	err := c.save(fs)
	c.open = false
	if err != nil {
		return err
	}
	if c.out.size == 0 {
		return removeSegment(fs, c.log.Log, c.out.segmentName)
	}
	c.out.indexTime()
	d := dirtySegment{segmentName: c.out.segmentName, size: c.out.size, index: c.out.index.tail, times: c.out.times.tail}
	if err := d.sync(fs, c.log.Log); err != nil {
		return err
	}
	c.out.index.keep(len(c.out.index.tail), c.limits.IndexBlockEntries)
	c.out.times.keep(len(c.out.times.tail), c.limits.IndexBlockEntries)
	return fs.SyncDir(LogDir(c.log.Log))
}
