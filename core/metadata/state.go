package metadata

import (
	"trialog/core/must"
	"trialog/core/quorum"
)

// State folds the committed entries of the metadata log into images. Every
// broker keeps one; the driver's quorum engine may keep another to take
// snapshots from. It is not safe for concurrent use; its images are.
type State struct{ image *Image }

// NewState returns the state before the first entry.
func NewState() *State { return &State{image: &Image{}} }

// Image returns the current image.
func (s *State) Image() *Image { return s.image }

// Index returns the index of the last entry seen.
func (s *State) Index() uint64 { return s.image.index }

// Apply takes a committed entry. It returns what changed, nil when the entry
// does not count (see quorum.Applier), and whether it counted. Entries at or
// below Index are ignored, so replaying more than is needed is harmless.
func (s *State) Apply(index uint64, e *quorum.Entry) (d *Delta, accepted bool) {
	if index <= s.image.index {
		return nil, false
	}
	applier := s.image.applier
	if applier.Take(e) != quorum.Accepted {
		next := *s.image
		next.index = index
		s.image = &next
		return nil, false
	}
	records, err := DecodeBatch(e.Records)
	if err == nil {
		d, err = Edit(s.image, index, records)
	}
	must.True(err == nil, "MD2: a committed batch does not apply")
	d.To.applier = applier
	d.Claimed = e.IsClaim()
	s.image = d.To
	return d, true
}

// Load replaces everything by a snapshot that Snapshot wrote.
func (s *State) Load(snapshot []byte) (*Delta, error) {
	im, err := LoadSnapshot(snapshot)
	if err != nil {
		return nil, err
	}
	d := &Delta{From: s.image, To: im, Replaced: true}
	s.image = im
	return d, nil
}

// Snapshot appends the state's encoding to dst. Equal states encode equally.
func (s *State) Snapshot(dst []byte) []byte { return AppendSnapshot(dst, s.image) }
