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

// readFailed acts on bytes that are not what must be there. A log whose bytes
// are damaged is not served any more; one read that fails is only answered so.
func (b *Broker) readFailed(h *host, progress partition.Progress, err error) kafka.ErrorCode {
	n := Note{Level: Error, Text: "a read failed", Topic: h.topic, Partition: h.tp.Partition,
		Epoch: h.replica.Epoch(), Offset: h.replica.Log.LogStartOffset}
	if err != nil {
		n.Detail = err.Error()
		_ = b.out.Watch.Believe(progress != partition.Broken || !errors.Is(err, disk.ErrNotExist), must.ReadFindsItsFile)
	}
	if progress == partition.Damaged && h.replica.Log.Fenced == "" {
		b.out.Watch.Reached(must.DamageFoundByRead)
		n.Text = "log is damaged and will not be served any more"
		n.Detail = "a batch below the high watermark is not intact"
		b.fence(h, n.Detail)
	}
	b.note(n)
	return kafka.ErrKafkaStorageError
}

// fence stops a log from being served. What waits on it is answered.
func (b *Broker) fence(h *host, reason string) {
	b.journal.Fence(h.replica.Log, reason)
	b.upkeepDue = true
	b.in.retire.Err = kafka.ErrKafkaStorageError
	b.stepReplica(h, &b.in.retire)
}
