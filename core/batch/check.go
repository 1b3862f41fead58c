package batch

import (
	"errors"

	"trialog/core/kafka"
)

// Checked is what Check found in the records of a produce request: one whole
// batch of magic 2, or an error.
type Checked struct {
	Err          kafka.ErrorCode   // not None: refuse the partition with it
	Codec        CodecID           // so that zstd can be refused below Produce 7
	MaxTimestamp kafka.TimestampMs // the largest record timestamp; NoTimestamp: no record has one
	MinTimestamp kafka.TimestampMs // the smallest of those that have one
	KeylessCount int32             // records without a key
	Done         bool              // false: nobody looked yet, which is a driver's defect
	Beyond       bool              // Err is MESSAGE_TOO_LARGE because of MaxDecompressedBytes: a larger bound may tell otherwise
	// Rewritten, when not nil, replaces the records: the same batch with the
	// header's largest timestamp set right, as Kafka's leader does.
	Rewritten []byte
}

// Limits bound what Check takes on.
type Limits struct {
	MaxBatchBytes        int32 // larger: MESSAGE_TOO_LARGE; 0: no bound
	MaxDecompressedBytes int32 // more bytes of records after decompression: MESSAGE_TOO_LARGE; 0: 256 MiB
}

const defaultDecompressed = 256 << 20

func (l *Limits) decompressed() int {
	if l.MaxDecompressedBytes > 0 {
		return int(l.MaxDecompressedBytes)
	}
	return defaultDecompressed
}

// Checker runs Check with a buffer of its own for decompressed records. It
// serves one reader at a time.
type Checker struct {
	Codecs *Codecs
	Limits Limits
	buf    []byte
}

// Check looks at the records of one partition of a produce request, as a
// client sent them (Kafka's ProduceRequest.validateRecords and LogValidator):
// one whole batch, intact, that parses and is what its header says.
func Check(records []byte, codecs *Codecs, limits Limits) Checked {
	c := Checker{Codecs: codecs, Limits: limits}
	return c.Check(records)
}

// Check is like the function, without allocating in steady state.
func (c *Checker) Check(records []byte) Checked {
	out := Checked{Done: true, MaxTimestamp: kafka.NoTimestamp, MinTimestamp: kafka.NoTimestamp}
	v := View(records)
	if out.Err = c.checkHeader(v); out.Err != kafka.None {
		return out
	}
	out.Codec = v.Codec()
	plain, buf, err := v.Decompress(c.Codecs, c.Limits.decompressed(), c.buf)
	c.buf = buf
	switch {
	case errors.Is(err, ErrTooLarge):
		out.Err, out.Beyond = kafka.ErrMessageTooLarge, true
		return out
	case err != nil:
		out.Err = kafka.ErrCorruptMessage
		return out
	}
	if out.Err = checkRecords(v, plain, &out); out.Err != kafka.None {
		return out
	}
	if out.MaxTimestamp != v.MaxTimestamp() {
		out.Rewritten = withMaxTimestamp(v, out.MaxTimestamp)
	}
	return out
}

// checkHeader goes from the frame inwards: nothing is read before what
// encloses it is known to be right.
func (c *Checker) checkHeader(v View) kafka.ErrorCode {
	switch {
	case len(v) == 0:
		return kafka.ErrInvalidRecord // Kafka wants exactly one batch
	case len(v) > offMagic && v.Magic() != Magic:
		return kafka.ErrInvalidRecord
	case !v.Whole():
		return kafka.ErrCorruptMessage
	case v.Size() != len(v):
		return kafka.ErrInvalidRecord // more than one batch
	case c.Limits.MaxBatchBytes > 0 && len(v) > int(c.Limits.MaxBatchBytes):
		return kafka.ErrMessageTooLarge
	case !v.Intact():
		return kafka.ErrCorruptMessage
	case v.Control():
		return kafka.ErrInvalidRecord // only coordinators write markers
	case v.Count() <= 0 || v.LastOffsetDelta() != v.Count()-1:
		return kafka.ErrInvalidRecord
	case v.LogAppendTime():
		return kafka.ErrInvalidTimestamp // only brokers set it
	case v.Attributes()&attrDeleteHorizon != 0:
		return kafka.ErrInvalidRecord // only cleaners set it
	case !c.supports(v.Codec()):
		return kafka.ErrUnsupportedCompressionType
	}
	return checkProducer(v)
}

// checkProducer demands all of the producer's fields or none.
func checkProducer(v View) kafka.ErrorCode {
	id, epoch, sequence := v.ProducerID(), v.ProducerEpoch(), v.BaseSequence()
	switch {
	case id == kafka.NoProducerID && v.Transactional():
		return kafka.ErrInvalidRecord
	case id == kafka.NoProducerID:
		return kafka.None
	case id < 0 || epoch < 0 || sequence < 0:
		return kafka.ErrInvalidRecord
	default:
		return kafka.None
	}
}

func (c *Checker) supports(id CodecID) bool {
	if id == Uncompressed {
		return true
	}
	return c.Codecs != nil && c.Codecs[id] != nil
}

// checkRecords parses every record and gathers what the header does not say.
func checkRecords(v View, plain []byte, out *Checked) kafka.ErrorCode {
	it := Iterate(plain, v.Count())
	var r Record
	n := int32(0)
	for it.Next(&r) {
		if r.OffsetDelta != n {
			return kafka.ErrInvalidRecord
		}
		timestamp := v.BaseTimestamp() + kafka.TimestampMs(r.TimestampDelta)
		switch {
		case timestamp < kafka.NoTimestamp:
			return kafka.ErrInvalidTimestamp
		case timestamp == kafka.NoTimestamp:
		case out.MinTimestamp == kafka.NoTimestamp:
			out.MinTimestamp, out.MaxTimestamp = timestamp, timestamp
		default:
			out.MinTimestamp = min(out.MinTimestamp, timestamp)
			out.MaxTimestamp = max(out.MaxTimestamp, timestamp)
		}
		if r.Key == nil {
			out.KeylessCount++
		}
		n++
	}
	if it.Err() != nil || n != v.Count() {
		return kafka.ErrInvalidRecord
	}
	return kafka.None
}

func withMaxTimestamp(v View, t kafka.TimestampMs) []byte {
	fixed := View(append([]byte(nil), v...))
	fixed.setMaxTimestamp(t)
	fixed.setCRC()
	return fixed
}
