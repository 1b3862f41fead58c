package checker

import (
	"testing"

	"trialog/checker/history"
)

func TestOffsetByTime(t *testing.T) {
	const epoch = 1_000_000
	for _, c := range []struct {
		name         string
		asked, found int64
		want         string
	}{
		{"the first that is as young", epoch + 2000, 2, ""},
		{"one before it", epoch + 2000, 1, ""},
		{"one behind it", epoch + 2000, 3, "time-found-too-late"},
		{"one behind it, which an old record hides", epoch + 3500, 5, "time-found-too-late"},
		{"nothing, which a broker that lags may say", epoch + 2000, history.Unset, ""},
		{"a time before all", 1, 0, ""},
	} {
		r := history.NewRecorder(history.Header{EpochMs: epoch})
		p := r.Partition("t", 0)
		for i := range int64(6) {
			op, result := history.NewOp(history.Send, 0, 0, p), history.NewResult(history.OK)
			op.At, result.Offset = 0, i
			if i == 3 {
				op.At = 3000 // as old as the first
			}
			r.Complete(i*1e9+1, r.Invoke(i*1e9, &op, history.MakeValue(0, uint64(i))), &result)
		}
		op, result := history.NewOp(history.ListOffsets, 1, 1, p), history.NewResult(history.OK)
		op.At, result.Offset = c.asked, c.found
		r.Complete(10e9+1, r.Invoke(10e9, &op), &result)
		got := ""
		if v := Check(r.History(), Options{Properties: []history.Property{history.OffsetByTime}}).Verdict(history.OffsetByTime); v != nil && len(v.Anomalies) > 0 {
			got = v.Anomalies[0].Name
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
