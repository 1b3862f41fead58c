package replication

import (
	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
)

// produce takes one batch as leader. A refused one leaves no trace; one that
// is taken, and an exact duplicate of one, is answered when it counts.
func (r *Replica) produce(now kafka.Now, in *Produce, out *Effects) {
	answer := Answer{
		Ticket: in.Ticket, BaseOffset: kafka.NoOffset,
		AppendTime: kafka.NoTimestamp, LogStartOffset: kafka.NoOffset,
	}
	if answer.Err = r.admit(in.Acks); answer.Err == kafka.None {
		answer.Err = r.Log.CheckRecords(now, in.Batch, in.Checked, &r.storage)
	}
	if answer.Err != kafka.None {
		if answer.Err == kafka.ErrInvalidTimestamp {
			out.Watch.Reached(must.TimestampRefused)
		}
		if answer.Err == kafka.ErrInvalidRecord {
			out.Watch.Reached(must.KeylessRefused)
		}
		out.Answers = append(out.Answers, answer)
		return
	}
	decision := r.Log.CheckProducer(in.Batch)
	if decision.Unknown {
		out.Watch.Reached(unknownProducer(decision.Verdict))
	}
	if decision.Verdict == partition.Refused {
		answer.Err = decision.Err
		out.Answers = append(out.Answers, answer)
		return
	}
	w := waitingProduce{acks: in.Acks, answer: answer}
	if decision.Verdict == partition.Duplicate {
		out.Watch.Reached(must.DuplicateAnsweredFromCache)
		w.answer.Duplicate = true
		w.answer.BaseOffset, w.end = decision.BaseOffset, decision.LastOffset+1
		if r.storage.LogAppendTime {
			w.answer.AppendTime = decision.Timestamp
		}
	} else {
		if decision.Wrapped {
			out.Watch.Reached(must.SequenceWrapped)
		}
		a := r.entry(out)
		w.answer.BaseOffset = r.Log.AppendAsLeader(now, r.epoch, in.Batch, &r.storage, a)
		w.answer.AppendTime, w.end = a.Timestamp, r.Log.LogEndOffset
		if r.storage.LogAppendTime {
			out.Watch.Reached(must.LogAppendTimeStamped)
		}
		r.finishEntry(out)
	}
	if in.Acks == 0 {
		out.Answers = append(out.Answers, w.answer)
		return
	}
	r.await(w, out)
}

// AppendUnfit appends the records for which a batch was refused just now, with
// INVALID_TIMESTAMP or INVALID_RECORD.
func (r *Replica) AppendUnfit(dst []partition.Unfit, now kafka.Now, b batch.View, codecs *batch.Codecs) []partition.Unfit {
	return partition.AppendUnfit(dst, now.Wall, b, &r.storage, codecs)
}

// unknownProducer is what was seen when a producer without a state began in the
// middle of its sequence.
func unknownProducer(v partition.Verdict) must.Probe {
	if v == partition.Refused {
		return must.UnknownProducerRefused
	}
	return must.ForgottenProducerTaken
}

// admit tells whether a batch may be appended now.
func (r *Replica) admit(acks int16) kafka.ErrorCode {
	switch {
	case r.Log.Fenced != "":
		return kafka.ErrKafkaStorageError
	case !r.Leads(), !r.Log.Appendable():
		return kafka.ErrNotLeaderOrFollower
	case acks == -1 && len(r.isr) < r.minISR():
		return kafka.ErrNotEnoughReplicas
	}
	return kafka.None
}

// entry makes room for an append, which the log fills in.
func (r *Replica) entry(out *Effects) *disk.Append {
	if len(out.Appends) == cap(out.Appends) {
		out.Appends = append(out.Appends, Append{})
	} else {
		out.Appends = out.Appends[:len(out.Appends)+1]
	}
	return &out.Appends[len(out.Appends)-1].Append
}

// finishEntry notes what the completion of the last append will mean.
func (r *Replica) finishEntry(out *Effects) {
	a := &out.Appends[len(out.Appends)-1]
	a.Incarnation, a.End = r.Log.Incarnation, r.Log.LogEndOffset
}

// storageConfig is what a topic's settings mean to its log.
func storageConfig(s *kafka.TopicConfig) partition.Config {
	return partition.Config{
		SegmentBytes:         s.SegmentBytes,
		SegmentMs:            s.SegmentMs,
		IndexIntervalBytes:   s.IndexIntervalBytes,
		MaxMessageBytes:      s.MaxMessageBytes,
		LogAppendTime:        s.TimestampType == kafka.LogAppendTime,
		TimestampBeforeMaxMs: s.TimestampBeforeMaxMs,
		TimestampAfterMaxMs:  s.TimestampAfterMaxMs,
		Compacted:            s.CleanupCompact,
		Deleted:              s.CleanupDelete,
		RetentionMs:          s.RetentionMs,
		RetentionBytes:       s.RetentionBytes,

		MinCleanableDirtyRatio: s.MinCleanableDirtyRatio,
		MinCompactionLagMs:     s.MinCompactionLagMs,
		MaxCompactionLagMs:     s.MaxCompactionLagMs,
		DeleteRetentionMs:      s.DeleteRetentionMs,
	}
}

// Storage is what the topic's settings mean to the log. It is for reading.
func (r *Replica) Storage() *partition.Config { return &r.storage }
