package coordinator

import (
	"errors"

	"trialog/core/batch"
	"trialog/core/kafka"
)

// ErrReplay says that the records of a coordinator's partition cannot be read.
var ErrReplay = errors.New("the coordinator's log cannot be replayed")

// Replay reads a partition from where it starts to where it ended when its
// leadership began.
type Replay struct {
	Next kafka.Offset // the first offset that has not been replayed
	End  kafka.Offset // where replay ends, exclusive
}

// Done tells whether everything has been replayed.
func (p *Replay) Done() bool { return p.Next >= p.End }

// Record is a record as the log has it. The slices are not kept by whom it is
// shown to.
type Record struct {
	Key, Value []byte // a nil value takes back what the key said before
	Timestamp  kafka.TimestampMs
}

// Feed shows visit the records of whole batches, in order. What lies outside
// what is to be replayed, and control batches, are passed over.
func (p *Replay) Feed(records []byte, codecs *batch.Codecs, limit int, visit func(*Record)) error {
	for v := batch.View(records); v.Whole(); v = v[v.Size():] {
		if v.LastOffset() < p.Next {
			continue
		}
		if v.BaseOffset() >= p.End {
			break
		}
		if err := p.batch(v[:v.Size()], codecs, limit, visit); err != nil {
			return err
		}
		p.Next = v.NextOffset()
	}
	return nil
}

func (p *Replay) batch(v batch.View, codecs *batch.Codecs, limit int, visit func(*Record)) error {
	if v.Control() {
		return nil
	}
	plain, _, err := v.Decompress(codecs, limit, nil)
	if err != nil {
		return err
	}
	it := batch.Iterate(plain, v.Count())
	var r batch.Record
	for it.Next(&r) {
		if r.Key == nil {
			return ErrReplay
		}
		visit(&Record{Key: r.Key, Value: r.Value, Timestamp: v.BaseTimestamp() + kafka.TimestampMs(r.TimestampDelta)})
	}
	return it.Err()
}
