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
	Why          string            // a constant that says more than Err does; may be empty
	BadRecord    int32             // Why is about one record: its place in the batch, plus one; 0: it is about the batch
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
	// Between, when not nil, has compressed records checked as they are
	// unpacked, in pieces of which nothing is kept, and is called after each
	// piece, so that a driver can let others go first. What is wrong with a
	// batch in more than one way may be refused for another reason than at once.
	Between func()
	buf     []byte
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
	if out.Err, out.Why = c.checkHeader(v); out.Err != kafka.None {
		return out
	}
	out.Codec = v.Codec()
	if out.Codec != Uncompressed && c.Codecs[out.Codec].Claims(v.Records()) > int64(c.Limits.decompressed()) {
		out.tooLarge()
		return out
	}
	if out.Codec != Uncompressed && c.Between != nil {
		out = c.checkPieces(v, out)
	} else {
		c.checkWhole(v, &out)
	}
	if out.Err == kafka.None && out.MaxTimestamp != v.MaxTimestamp() {
		out.Rewritten = withMaxTimestamp(v, out.MaxTimestamp)
	}
	return out
}

func (c *Checker) checkWhole(v View, out *Checked) {
	plain, buf, err := v.Decompress(c.Codecs, c.Limits.decompressed(), c.buf)
	c.buf = buf
	switch {
	case errors.Is(err, ErrTooLarge):
		out.tooLarge()
	case err != nil:
		out.Err = kafka.ErrCorruptMessage
	default:
		checkRecords(v, plain, out)
	}
}

func (out *Checked) tooLarge() { out.Err, out.Beyond = kafka.ErrMessageTooLarge, true }

// checkHeader goes from the frame inwards: nothing is read before what
// encloses it is known to be right.
func (c *Checker) checkHeader(v View) (kafka.ErrorCode, string) {
	switch {
	case len(v) == 0:
		return kafka.ErrInvalidRecord, "There is no record batch."
	case len(v) > offMagic && v.Magic() != Magic:
		return kafka.ErrInvalidRecord, "Only record batches of magic 2 are accepted."
	case !v.Whole():
		return kafka.ErrCorruptMessage, ""
	case v.Size() != len(v):
		return kafka.ErrInvalidRecord, "There must be exactly one record batch for each partition."
	case c.Limits.MaxBatchBytes > 0 && len(v) > int(c.Limits.MaxBatchBytes):
		return kafka.ErrMessageTooLarge, ""
	case !v.Intact():
		return kafka.ErrCorruptMessage, ""
	case v.Control():
		return kafka.ErrInvalidRecord, "Only coordinators write control records."
	case v.Count() <= 0 || v.LastOffsetDelta() != v.Count()-1:
		return kafka.ErrInvalidRecord, "The batch's last offset delta is not its count of records less one."
	case v.LogAppendTime():
		return kafka.ErrInvalidTimestamp, "Only brokers stamp a batch with its append time."
	case v.Attributes()&attrDeleteHorizon != 0:
		return kafka.ErrInvalidRecord, "Only brokers set a batch's delete horizon."
	case !c.supports(v.Codec()):
		return kafka.ErrUnsupportedCompressionType, ""
	}
	return checkProducer(v)
}

// checkProducer demands all of the producer's fields or none.
func checkProducer(v View) (kafka.ErrorCode, string) {
	id, epoch, sequence := v.ProducerID(), v.ProducerEpoch(), v.BaseSequence()
	switch {
	case id == kafka.NoProducerID && v.Transactional():
		return kafka.ErrInvalidRecord, "A transactional batch needs a producer ID."
	case id == kafka.NoProducerID:
		return kafka.None, ""
	case id < 0 || epoch < 0 || sequence < 0:
		return kafka.ErrInvalidRecord, "The batch's producer ID, epoch or sequence is below zero."
	default:
		return kafka.None, ""
	}
}

func (c *Checker) supports(id CodecID) bool {
	if id == Uncompressed {
		return true
	}
	return c.Codecs != nil && c.Codecs[id] != nil
}

// checkRecords parses every record and gathers what the header does not say.
func checkRecords(v View, plain []byte, out *Checked) {
	it := Iterate(plain, v.Count())
	var r Record
	n := int32(0)
	for it.Next(&r) {
		if !out.record(n, v.BaseTimestamp()+kafka.TimestampMs(r.TimestampDelta), r.OffsetDelta, r.Key == nil) {
			return
		}
		n++
	}
	if it.Err() != nil || n != v.Count() {
		out.malformed(n, v.Count())
	}
}

// record takes the n-th record into account; false: the batch is refused for it.
func (out *Checked) record(n int32, timestamp kafka.TimestampMs, offsetDelta int32, keyless bool) bool {
	switch {
	case offsetDelta != n:
		out.Err, out.Why, out.BadRecord = kafka.ErrInvalidRecord, "The record's offset delta is not its place in the batch.", n+1
		return false
	case timestamp < kafka.NoTimestamp:
		out.Err, out.Why, out.BadRecord = kafka.ErrInvalidTimestamp, "The record's timestamp is below zero.", n+1
		return false
	case timestamp == kafka.NoTimestamp:
	case out.MinTimestamp == kafka.NoTimestamp:
		out.MinTimestamp, out.MaxTimestamp = timestamp, timestamp
	default:
		out.MinTimestamp = min(out.MinTimestamp, timestamp)
		out.MaxTimestamp = max(out.MaxTimestamp, timestamp)
	}
	if keyless {
		out.KeylessCount++
	}
	return true
}

// malformed refuses a batch of which n records were read.
func (out *Checked) malformed(n, count int32) {
	out.Err = kafka.ErrInvalidRecord
	if n < count {
		out.Why, out.BadRecord = "The record does not parse.", n+1
		return
	}
	out.Why = "There are bytes behind the batch's last record."
}

func withMaxTimestamp(v View, t kafka.TimestampMs) []byte {
	fixed := View(append([]byte(nil), v...))
	fixed.setMaxTimestamp(t)
	fixed.setCRC()
	return fixed
}
