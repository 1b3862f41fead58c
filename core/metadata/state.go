package metadata

import "trialog/core/quorum"

// State folds the committed entries of the metadata log into images. Every
// broker keeps one; the driver's quorum engine may keep another to take
// snapshots from.
type State struct{ image *Image }

// NewState returns the state before the first entry.
func NewState() *State { return &State{image: &Image{nextProducerID: 0}} }

// Image returns the current image.
func (s *State) Image() *Image { return s.image }

// Index returns the index of the last entry seen.
func (s *State) Index() uint64 { return s.image.index }

// Apply takes a committed entry. It returns what changed, nil when the entry
// does not count (see quorum.Applier), and whether it counted. Entries at or
// below Index are ignored, so replaying more than is needed is harmless.
func (s *State) Apply(index uint64, e *quorum.Entry) (d *Delta, accepted bool) {
	return s.apply(index, e)
}

// Load replaces everything by a snapshot that Snapshot wrote.
func (s *State) Load(snapshot []byte) (*Delta, error) { return s.load(snapshot) }

// Snapshot appends the state's encoding to dst. Equal states encode equally.
func (s *State) Snapshot(dst []byte) []byte { return AppendSnapshot(dst, s.image) }
