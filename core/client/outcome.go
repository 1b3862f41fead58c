package client

import "trialog/core/kafka"

// This file is the one place that decides what an answer to a produce request
// means: whether the batch can be in the log, and what to do next. A mistake
// here does not lose data; it makes the client's account of it false.

// effect is what an error code says about the log.
type effect uint8

const (
	appended    effect = iota // the batch is in the log
	notAppended               // this attempt put nothing into the log, and never will
	unclear                   // it may be in the log, now or later
)

// verdict is what a client makes of an error code in a produce response.
type verdict struct {
	effect  effect
	retry   bool // the same batch, with the same sequence, may go through later
	refresh bool // the leader may be another
	gap     bool // the broker misses a sequence before this batch's
	fatal   bool // the producer cannot go on
}

// judge is the table of errors that a partition of a produce response carries.
func judge(code kafka.ErrorCode) verdict {
	switch code {
	case kafka.None, kafka.ErrDuplicateSequenceNumber:
		return verdict{effect: appended}

	// A leader that steps down while a batch waits for its replicas answers so
	// too, after a successful append (KAFKA-13574).
	case kafka.ErrNotLeaderOrFollower, kafka.ErrLeaderNotAvailable, kafka.ErrReplicaNotAvailable:
		return verdict{effect: unclear, retry: true, refresh: true}
	// Appended, and too few replicas in time; or the disk failed midway.
	case kafka.ErrNotEnoughReplicasAfterAppend, kafka.ErrRequestTimedOut, kafka.ErrNetworkException:
		return verdict{effect: unclear, retry: true}
	case kafka.ErrKafkaStorageError:
		return verdict{effect: unclear, retry: true, refresh: true}

	// Refused before the append.
	case kafka.ErrNotEnoughReplicas, kafka.ErrCorruptMessage, kafka.ErrThrottlingQuotaExceeded:
		return verdict{effect: notAppended, retry: true}
	case kafka.ErrUnknownTopicOrPartition, kafka.ErrUnknownTopicID, kafka.ErrInconsistentTopicID:
		return verdict{effect: notAppended, retry: true, refresh: true}
	case kafka.ErrOutOfOrderSequenceNumber, kafka.ErrUnknownProducerID:
		return verdict{effect: notAppended, retry: true, gap: true}
	case kafka.ErrProducerFenced, kafka.ErrInvalidProducerEpoch:
		return verdict{effect: notAppended, fatal: true}
	case kafka.ErrMessageTooLarge, kafka.ErrRecordListTooLarge, kafka.ErrInvalidRecord, kafka.ErrInvalidTimestamp,
		kafka.ErrInvalidRequiredAcks, kafka.ErrUnsupportedCompressionType, kafka.ErrUnsupportedForMessageFormat,
		kafka.ErrInvalidTopicException, kafka.ErrTopicAuthorizationFailed, kafka.ErrClusterAuthorizationFailed,
		kafka.ErrPolicyViolation, kafka.ErrUnsupportedVersion, kafka.ErrInvalidRequest, kafka.ErrInvalidTxnState:
		return verdict{effect: notAppended}
	default:
		return verdict{effect: unclear, retry: code.Retriable()}
	}
}

// unansweredVerdict is for a request whose connection broke, or whose answer
// could not be read.
func unansweredVerdict() verdict { return verdict{effect: unclear, retry: true} }

// outcomeOf says what is known of a batch that ends without having been
// acknowledged: one attempt that may have been appended outweighs every later
// refusal, since it may have been appended before it, or still be.
func outcomeOf(b *outBatch) Outcome {
	if b.maybe || b.underway {
		return Info
	}
	return Fail
}

// mayRenumber tells whether a batch may be sent with another sequence, epoch or
// producer ID than before. If it may have been appended, a broker could not
// tell the second copy from a new batch (C2).
func mayRenumber(b *outBatch) bool { return !b.maybe && !b.underway }

// sequencesIntact tells, once nothing of a partition is under way or to be
// retried, whether every sequence that was handed out is known to be in the
// log. If not, the next one cannot be known: reusing the sequence of a batch
// that may have been appended would make a broker take a new batch for a
// duplicate, and skipping it would be refused. Only a new epoch helps.
func sequencesIntact(p *producerPartition) bool { return p.acked == p.next }
