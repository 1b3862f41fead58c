package quorum

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/lni/dragonboat/v4/statemachine"

	"trialog/core/kafka"
	"trialog/core/metadata"
	port "trialog/core/quorum"
)

// A command is what the engine orders: version byte, the proposing run (8
// bytes), its Ref (8 bytes), then core/quorum's entry.
const (
	commandVersion = 1
	commandHeader  = 17
)

func appendCommand(dst []byte, incarnation uint64, p *port.Propose) []byte {
	dst = append(dst, commandVersion)
	dst = binary.BigEndian.AppendUint64(dst, incarnation)
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.Ref))
	return port.AppendEntry(dst, &p.Entry)
}

// A snapshot is: version byte, index (8 bytes), then core/metadata's state.
const (
	snapshotVersion = 1
	snapshotHeader  = 9
)

// machine is what the engine applies entries to: it keeps the state for
// snapshots and passes everything on. The engine calls it from one goroutine
// at a time, entries in index order, on a restart from the snapshot on.
type machine struct {
	state       *metadata.State
	deliver     func(port.Event)
	incarnation uint64
	applied     uint64
}

// Update implements statemachine.IStateMachine. An error ends the process:
// going on would leave this replica behind the others for good.
func (m *machine) Update(e statemachine.Entry) (statemachine.Result, error) {
	if len(e.Cmd) < commandHeader || e.Cmd[0] != commandVersion {
		return statemachine.Result{}, fmt.Errorf("entry %d of the metadata log is not a command of this version", e.Index)
	}
	var ref kafka.Ref
	if binary.BigEndian.Uint64(e.Cmd[1:]) == m.incarnation {
		ref = kafka.Ref(binary.BigEndian.Uint64(e.Cmd[9:]))
	}
	// The engine wants its slice back; what is delivered lives on.
	entry, err := port.DecodeEntry(append([]byte(nil), e.Cmd[commandHeader:]...))
	if err != nil {
		return statemachine.Result{}, fmt.Errorf("entry %d of the metadata log: %w", e.Index, err)
	}
	m.applied = e.Index
	m.state.Apply(e.Index, &entry)
	m.deliver(&port.Committed{Index: e.Index, Ref: ref, Entry: entry})
	return statemachine.Result{}, nil
}

// Lookup implements statemachine.IStateMachine. The watchdog's reads end here;
// core has the state and asks nobody.
func (m *machine) Lookup(any) (any, error) { return m.applied, nil }

// SaveSnapshot implements statemachine.IStateMachine.
func (m *machine) SaveSnapshot(w io.Writer, _ statemachine.ISnapshotFileCollection, _ <-chan struct{}) error {
	b := append(make([]byte, 0, 64<<10), snapshotVersion)
	b = binary.BigEndian.AppendUint64(b, m.applied)
	_, err := w.Write(m.state.Snapshot(b))
	return err
}

// RecoverFromSnapshot implements statemachine.IStateMachine.
func (m *machine) RecoverFromSnapshot(r io.Reader, _ []statemachine.SnapshotFile, _ <-chan struct{}) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if len(b) < snapshotHeader || b[0] != snapshotVersion {
		return errors.New("the metadata snapshot is not of this version")
	}
	m.applied = binary.BigEndian.Uint64(b[1:])
	state := b[snapshotHeader:]
	if _, err := m.state.Load(state); err != nil {
		return fmt.Errorf("metadata snapshot at %d: %w", m.applied, err)
	}
	m.deliver(&port.SnapshotLoaded{Index: m.applied, State: state})
	return nil
}

// Close implements statemachine.IStateMachine.
func (m *machine) Close() error { return nil }
