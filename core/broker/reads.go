package broker

import (
	"errors"

	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
)

// pendingRead is a read that a driver carries out for a request.
type pendingRead struct {
	host  *host
	shard *shard // whose log is replayed; nil: for a request
	token token
	place int32 // of the partition in the request
	lease uint32
}

// emitRead emits the read that a lookup needs next. False: the lookup is
// complete. The replica's files stay until the read is back.
func (b *Broker) emitRead(r *request, place int, h *host, lookup *partition.Lookup) bool {
	if !b.emitReadFor(pendingRead{host: h, token: r.token, place: int32(place)}, lookup) {
		return false
	}
	b.counters.FetchReads++
	return true
}

// emitReadFor does so for anybody.
func (b *Broker) emitReadFor(who pendingRead, lookup *partition.Lookup) bool {
	n := len(b.out.Reads)
	b.out.Reads = append(b.out.Reads, disk.Read{})
	if !who.host.replica.Log.Next(lookup, &b.out.Reads[n]) {
		b.out.Reads = b.out.Reads[:n]
		return false
	}
	ref, p := b.reads.add()
	*p = who
	p.lease = who.host.replica.Log.BeginRead()
	b.out.Reads[n].Ref = ref
	who.host.reads++
	return true
}

// readDone hands the bytes of a read to the request that needs them, if it is
// still there.
func (b *Broker) readDone(in *ReadDone) {
	slot := b.reads.get(in.Ref)
	if !b.out.Watch.Believe(slot != nil, must.ReadMatchesRequest) {
		return
	}
	p := *slot
	b.reads.finish(in.Ref)
	if p.shard != nil {
		b.shardRead(p.shard, in)
	} else if r := b.requests.get(p.token); r != nil && r.state == requestRunning {
		switch r.key {
		case keyFetch:
			b.fetchRead(r, int(p.place), in)
		case keyListOffsets:
			b.offsetRead(r, int(p.place), in)
		}
	} else {
		b.out.Watch.Reached(must.ReadOfClosedConnection)
	}
	b.release(p.host, p.lease)
}

// readFailed acts on bytes that are not what must be there. What cannot be read
// is not served: its replica is to heal (heal.go). One read that fails is only
// answered so.
func (b *Broker) readFailed(h *host, lookup *partition.Lookup, progress partition.Progress, err error) kafka.ErrorCode {
	if progress == partition.Damaged {
		b.out.Watch.Reached(must.DamageFoundByRead)
		b.damaged(h, lookup.Sought(), "a batch below the high watermark is not intact")
		if h.damage.last {
			return kafka.ErrCorruptMessage // nobody can do better, so that to try again is no use
		}
		return kafka.ErrKafkaStorageError
	}
	n := Note{Level: Error, Text: "a read failed", Topic: nameOf(h), Partition: h.tp.Partition,
		Epoch: h.replica.Epoch(), Offset: lookup.Sought()}
	if err != nil {
		n.Detail = err.Error()
		_ = b.out.Watch.Believe(!errors.Is(err, disk.ErrNotExist), must.ReadFindsItsFile)
	}
	b.note(n)
	return kafka.ErrKafkaStorageError
}
