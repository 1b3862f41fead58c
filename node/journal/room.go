package journal

import (
	"errors"
	"io/fs"

	"trialog/node/osfs"
)

// writeAgain goes on after a batch that ended with err for want of room, once
// there is some. The library is ahead of its file then, so that it is made to
// read it anew: as it was before the batch, or, when only the file that comes
// next could not be made, as it is. An error of any sync is final.
func (s *Sink) writeAgain(err error) error {
	for {
		var at *fs.PathError
		if !osfs.NoRoom(err) || !errors.As(err, &at) {
			return err
		}
		switch at.Op {
		case "write":
			if err := s.log.Close(); err != nil { // which syncs
				return err
			}
			if err := s.tail.Truncate(s.at); err != nil {
				return err
			}
		case "open":
			if err := s.makeNext(); err != nil {
				return err
			}
			s.batch.Clear()
			return s.begin()
		default:
			return err
		}
		if !s.fs.Again(err) {
			return err
		}
		if err := s.begin(); err != nil {
			return err
		}
		if err = s.log.WriteBatch(&s.batch); err == nil {
			return nil
		}
	}
}

// makeNext makes the file that the library had no room for. All that stands
// before it is written and synced.
func (s *Sink) makeNext() error {
	f, err := s.fs.Create(s.path(s.first))
	if err != nil {
		return err
	}
	return f.Close()
}
