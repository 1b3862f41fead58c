package batch

import "trialog/core/kafka"

// Checked is what Check found in the records of a produce request: one whole
// batch of magic 2, or an error.
type Checked struct {
	Err          kafka.ErrorCode   // not None: refuse the partition with it
	Codec        CodecID           // so that zstd can be refused below Produce 7
	MaxTimestamp kafka.TimestampMs // the largest record timestamp
	MinTimestamp kafka.TimestampMs // the smallest
	KeylessCount int32             // records without a key
	Done         bool              // false: nobody looked yet, which is a driver's defect
	// Rewritten, when not nil, replaces the records: the same batch with the
	// header's largest timestamp set right, as Kafka's leader does.
	Rewritten []byte
}

// Limits bound what Check takes on.
type Limits struct {
	MaxBatchBytes        int32 // larger: MESSAGE_TOO_LARGE; 0: no bound
	MaxDecompressedBytes int32 // more records than that after decompression: MESSAGE_TOO_LARGE; 0: 256 MiB
}
