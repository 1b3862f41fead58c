package onsim

import (
	"slices"

	"trialog/checker/history"
	"trialog/core/broker"
	"trialog/core/kafka"
)

// Mode puts down that a log acknowledges without a sync from here on. The other
// way it waits until all that was told before is durable (durable).
func (w *watch) Mode(at int64, node int, log kafka.LogID, synced bool) {
	name := logName{node, log}
	if synced || w.world == nil || slices.Contains(w.loose, name) {
		return
	}
	w.mode(at, name, history.ModeReplicated, func(*broker.PartitionView) bool { return true })
}

// durable puts down which logs have been in synced mode long enough that all
// they have told is durable.
func (w *watch) durable(at int64) {
	for i := 0; i < len(w.loose); i++ {
		name := w.loose[i] // which leaves the list if it is put down
		if w.mode(at, name, history.ModeSynced, (*broker.PartitionView).Kept) {
			i--
		}
	}
}

// mode puts a log's mode down if its broker runs and the log is fit for it.
func (w *watch) mode(at int64, name logName, mode history.Mode, fit func(*broker.PartitionView) bool) (told bool) {
	w.world.Replicas(name.node, func(v *broker.PartitionView) bool {
		if v.Log != name.log || !w.trial.lasting(v.Name) || !fit(v) {
			return v.Log != name.log
		}
		e := history.NewEvent(history.ModeChanged, int32(name.node))
		e.Partition, e.Note = w.trial.record.Partition(v.Name, int32(v.Partition)), string(mode)
		w.trial.record.Event(at, &e)
		told = true
		return false
	})
	switch {
	case !told:
	case mode == history.ModeReplicated:
		w.loose = append(w.loose, name)
	default:
		w.loose = slices.DeleteFunc(w.loose, func(other logName) bool { return other == name })
	}
	return told
}
