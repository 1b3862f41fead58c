package partition

import (
	"errors"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// descriptors keeps the segment files that a Writer writes to open: one a log,
// since only its newest segment grows, and a bounded number of them.
type descriptors struct {
	fs    disk.FS
	slots []descriptor
	byLog map[kafka.LogID]int32
	hand  int // of the clock that looks for one to close
	limit int
}

type descriptor struct {
	log     kafka.LogID
	segment kafka.Offset
	file    disk.File // nil: free
	used    bool      // since the hand passed
}

func newDescriptors(fs disk.FS, limit int) descriptors {
	return descriptors{fs: fs, byLog: make(map[kafka.LogID]int32), limit: max(limit, 1)}
}

// open returns a segment's file, created if it does not exist. Its name becomes
// durable with the log's next checkpoint.
func (d *descriptors) open(log kafka.LogID, segment kafka.Offset) (disk.File, error) {
	i, ok := d.byLog[log]
	if ok && d.slots[i].segment == segment {
		d.slots[i].used = true
		return d.slots[i].file, nil
	}
	if ok {
		if err := d.close(i); err != nil {
			return nil, err
		}
	}
	f, err := openOrCreate(d.fs, SegmentPath(log, segment, disk.FileLog))
	if err != nil {
		return nil, err
	}
	i, err = d.slot()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	d.slots[i] = descriptor{log: log, segment: segment, file: f, used: true}
	d.byLog[log] = i
	return f, nil
}

// slot returns a free place, which it makes by closing a file not used lately.
func (d *descriptors) slot() (int32, error) {
	for i := 0; len(d.byLog) < len(d.slots); i++ {
		if d.slots[i].file == nil {
			return int32(i), nil
		}
	}
	if len(d.slots) < d.limit {
		d.slots = append(d.slots, descriptor{})
		return int32(len(d.slots) - 1), nil
	}
	for d.slots[d.hand].used {
		d.slots[d.hand].used = false
		d.hand = (d.hand + 1) % len(d.slots)
	}
	i := int32(d.hand)
	return i, d.close(i)
}

func (d *descriptors) close(i int32) error {
	s := &d.slots[i]
	err := s.file.Close()
	delete(d.byLog, s.log)
	*s = descriptor{}
	return err
}

// forget closes a log's file.
func (d *descriptors) forget(log kafka.LogID) error {
	if i, ok := d.byLog[log]; ok {
		return d.close(i)
	}
	return nil
}

func (d *descriptors) closeAll() error {
	var err error
	for i := range d.slots {
		if d.slots[i].file != nil {
			err = errors.Join(err, d.close(int32(i)))
		}
	}
	return err
}
