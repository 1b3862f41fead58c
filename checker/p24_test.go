package checker

import (
	"testing"

	"trialog/checker/history"
)

// twoLives is a history of a topic of which three records were acknowledged and a
// commit made, and of the one that had its name next.
type twoLives struct {
	r             *history.Recorder
	first, second history.Partition
	now           int64
	commit        history.OpID
}

func newTwoLives() *twoLives {
	l := &twoLives{r: history.NewRecorder(history.Header{})}
	l.first, l.second = l.r.Partition("t@1", 0), l.r.Partition("t@2", 0)
	for i := range int64(3) {
		l.send(l.first, uint64(i), i)
	}
	l.commit = l.committing(l.first, 3)
	return l
}

func (l *twoLives) done(op history.Op, result history.Result, values ...history.Value) history.OpID {
	l.now += 1e9
	id := l.r.Invoke(l.now, &op, values...)
	l.r.Complete(l.now+1, id, &result)
	return id
}

func (l *twoLives) send(p history.Partition, n uint64, offset int64) {
	op, result := history.NewOp(history.Send, 0, 0, p), history.NewResult(history.OK)
	op.Flags, result.Offset = history.Idempotent, offset
	l.done(op, result, history.MakeValue(0, n))
}

// read is a poll from 0 that finds records at these offsets.
func (l *twoLives) read(watermark int64, numbers ...uint64) {
	op, result := history.NewOp(history.Poll, 1, 1, l.second), history.NewResult(history.OK)
	op.At, result.To, result.HighWatermark = 0, watermark, watermark
	for i, n := range numbers {
		result.Records = append(result.Records, history.Record{Offset: int64(i), Value: history.MakeValue(0, n)})
	}
	l.done(op, result)
}

func (l *twoLives) committing(p history.Partition, at int64) history.OpID {
	op := history.NewOp(history.CommitOffsets, 2, 2, p)
	op.Group, op.At = l.r.Name("g"), at
	return l.done(op, history.NewResult(history.OK))
}

func (l *twoLives) committed(offset int64, of history.OpID) {
	op, result := history.NewOp(history.FetchOffsets, 2, 2, l.second), history.NewResult(history.OK)
	op.Group, result.Offset, result.Commit = l.r.Name("g"), offset, of
	l.done(op, result)
}

func TestTopicLives(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(*twoLives)
		want string
	}{
		{"nothing of the first", func(l *twoLives) {
			l.committed(history.Unset, history.NoOp)
			l.read(0)
			l.send(l.second, 10, 0)
			l.read(1, 10)
			l.committed(7, l.committing(l.second, 7))
		}, ""},
		{"a record of the first", func(l *twoLives) { l.read(1, 2) }, "record-of-an-earlier-life"},
		{"its high watermark", func(l *twoLives) { l.read(3) }, "offset-of-an-earlier-life"},
		{"an offset behind its end", func(l *twoLives) { l.send(l.second, 10, 3) }, "offset-of-an-earlier-life"},
		{"what was committed in it", func(l *twoLives) { l.committed(3, l.commit) }, "commit-of-an-earlier-life"},
		{"a send that it knew", func(l *twoLives) {
			l.send(l.second, 10, 0)
			l.send(l.second, 11, 0)
			l.read(1, 11)
		}, "taken-for-an-earlier-life"},
	} {
		l := newTwoLives()
		c.then(l)
		v := Check(l.r.History(), Options{Properties: []history.Property{history.TopicLives}}).Verdict(history.TopicLives)
		got := ""
		if len(v.Anomalies) > 0 {
			got = v.Anomalies[0].Name
		}
		if got != c.want || (v.Status == Violated) != (c.want != "") {
			t.Errorf("%s: %v %q, want %q", c.name, v.Status, got, c.want)
		}
	}
}

// TestTopicLivesIsNotJudged where no topic was made again.
func TestTopicLivesIsNotJudged(t *testing.T) {
	r := history.NewRecorder(history.Header{})
	r.Partition("t", 0)
	if v := Check(r.History(), Options{}).Verdict(history.TopicLives); v != nil {
		t.Errorf("it was judged: %v", v.Status)
	}
}
