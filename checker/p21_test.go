package checker

import (
	"testing"

	"trialog/checker/history"
)

// kept is the beginning of a history of one partition that deletes by age or by
// size: ten records, a second apart, of one producer.
func kept(topic history.Topic) (*history.Recorder, history.Partition) {
	topic.Name, topic.Partitions, topic.Replicas, topic.MinISR, topic.Mode, topic.Retention = "t", 1, 1, 1, history.ModeSynced, true
	r := history.NewRecorder(history.Header{Topics: []history.Topic{topic}})
	p := r.Partition("t", 0)
	for i := range 10 {
		op := history.NewOp(history.Send, 0, 0, p)
		id := r.Invoke(int64(i)*1e9, &op, history.MakeValue(0, uint64(i)))
		result := history.NewResult(history.OK)
		result.Offset = int64(i)
		r.Complete(int64(i)*1e9+1, id, &result)
	}
	return r, p
}

func moved(r *history.Recorder, p history.Partition, seconds, start int64, left int32) {
	e := history.NewEvent(history.LogStart, 1)
	e.Partition, e.LogStartOffset, e.Count = p, start, left
	r.Event(seconds*1e9, &e)
}

func polled(r *history.Recorder, p history.Partition, start int64) {
	op := history.NewOp(history.Poll, 1, 1, p)
	id := r.Invoke(30e9, &op)
	result := history.NewResult(history.OK)
	result.LogStartOffset = start
	r.Complete(30e9+1, id, &result)
}

func TestLogLife(t *testing.T) {
	byAge := history.Topic{RetentionMs: 5000, RetentionBytes: -1, SkewMs: 500}
	byBoth := history.Topic{RetentionMs: 5000, RetentionBytes: -1, Compacted: true, Keys: 1, DeleteRetentionMs: 60_000}
	bySize := history.Topic{RetentionMs: -1, RetentionBytes: 1000}
	for _, c := range []struct {
		name  string
		topic history.Topic
		then  func(*history.Recorder, history.Partition)
		want  string
	}{
		{"old enough", byAge, func(r *history.Recorder, p history.Partition) { moved(r, p, 9, 4, 10) }, ""},
		{"too young", byAge, func(r *history.Recorder, p history.Partition) { moved(r, p, 9, 7, 10) }, "deleted-early"},
		{"too young, but replaced", byBoth, func(r *history.Recorder, p history.Partition) { moved(r, p, 9, 7, 10) }, ""},
		{"the newest of its key", byBoth, func(r *history.Recorder, p history.Partition) { moved(r, p, 9, 10, 10) }, "deleted-early"},
		{"much is left", bySize, func(r *history.Recorder, p history.Partition) { moved(r, p, 9, 7, 1000) }, ""},
		{"too little is left", bySize, func(r *history.Recorder, p history.Partition) { moved(r, p, 9, 7, 999) }, "deleted-early"},
		{"asked for", bySize, func(r *history.Recorder, p history.Partition) {
			op := history.NewOp(history.DeleteRecords, 2, 2, p)
			op.At = 7
			r.Invoke(10e9, &op)
			moved(r, p, 11, 7, 0)
		}, ""},
		{"asked for less", bySize, func(r *history.Recorder, p history.Partition) {
			op := history.NewOp(history.DeleteRecords, 2, 2, p)
			op.At = 6
			r.Invoke(10e9, &op)
			moved(r, p, 11, 7, 0)
		}, "deleted-early"},
		{"refused", bySize, func(r *history.Recorder, p history.Partition) {
			op := history.NewOp(history.DeleteRecords, 2, 2, p)
			op.At = 7
			id := r.Invoke(10e9, &op)
			result := history.NewResult(history.Fail)
			r.Complete(11e9, id, &result)
			moved(r, p, 12, 7, 0)
		}, "deleted-early"},
		{"goes back", byAge, func(r *history.Recorder, p history.Partition) {
			moved(r, p, 9, 4, 10)
			polled(r, p, 4)
			polled(r, p, 3)
		}, "log-start-went-back"},
		{"goes on", byAge, func(r *history.Recorder, p history.Partition) {
			moved(r, p, 9, 4, 10)
			polled(r, p, 3)
			polled(r, p, 4)
		}, ""},
	} {
		r, p := kept(c.topic)
		c.then(r, p)
		v := Check(r.History(), Options{Properties: []history.Property{history.LogLife}}).Verdict(history.LogLife)
		got := ""
		if len(v.Anomalies) > 0 {
			got = v.Anomalies[0].Name
		}
		if got != c.want || (v.Status == Violated) != (c.want != "") || c.want == "" && v.Status != Holds {
			t.Errorf("%s: %v %q, want %q", c.name, v.Status, got, c.want)
		}
	}
}
