package protocol

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/kafka"
)

// Each of the four flat codecs is checked in every version: what it writes
// equals kmsg's bytes, what it reads back equals what Carry says, into memory
// that an earlier message of another shape has used.

func TestProduceRequestAgreesWithKmsg(t *testing.T) {
	low, high := versionsOf(t, KeyProduce)
	rapid.Check(t, func(t *rapid.T) {
		q, version := drawProduce(t), rapid.Int16Range(low, high).Draw(t, "version")
		ours := AppendProduceRequest(nil, version, q)
		same(t, "ProduceRequest", version, ours, toKmsgProduce(q, version).AppendTo(nil))
		got := drawProduce(t) // a used one
		if code := DecodeProduceRequest(got, version, ours); code != kafka.None {
			t.Fatalf("v%d: %v", version, code)
		}
		equal(t, "ProduceRequest", version, got, Carry(q, version, nil))
	})
}

func TestProduceResponseAgreesWithKmsg(t *testing.T) {
	low, high := versionsOf(t, KeyProduce)
	rapid.Check(t, func(t *rapid.T) {
		q, version := drawProduced(t), rapid.Int16Range(low, high).Draw(t, "version")
		ours := AppendProduceResponse(nil, version, q)
		same(t, "ProduceResponse", version, ours, toKmsgProduced(q, version).AppendTo(nil))
		got := drawProduced(t)
		if code := DecodeProduceResponse(got, version, ours); code != kafka.None {
			t.Fatalf("v%d: %v", version, code)
		}
		equal(t, "ProduceResponse", version, got, Carry(q, version, nil))
	})
}

func TestFetchRequestAgreesWithKmsg(t *testing.T) {
	low, high := versionsOf(t, KeyFetch)
	rapid.Check(t, func(t *rapid.T) {
		q, version := drawFetch(t), rapid.Int16Range(low, high).Draw(t, "version")
		ours := AppendFetchRequest(nil, version, q)
		same(t, "FetchRequest", version, ours, toKmsgFetch(q, version).AppendTo(nil))
		got := drawFetch(t)
		if code := DecodeFetchRequest(got, version, ours); code != kafka.None {
			t.Fatalf("v%d: %v", version, code)
		}
		equal(t, "FetchRequest", version, got, Carry(q, version, nil))
	})
}

func TestFetchResponseAgreesWithKmsg(t *testing.T) {
	low, high := versionsOf(t, KeyFetch)
	var scatter Scatter
	rapid.Check(t, func(t *rapid.T) {
		q, version := drawFetched(t), rapid.Int16Range(low, high).Draw(t, "version")
		ours := AppendFetchResponse(nil, version, q)
		same(t, "FetchResponse", version, ours, toKmsgFetched(q, version).AppendTo(nil))
		got := drawFetched(t)
		if code := DecodeFetchResponse(got, version, ours); code != kafka.None {
			t.Fatalf("v%d: %v", version, code)
		}
		equal(t, "FetchResponse", version, got, Carry(q, version, nil))

		whole := AppendResponse(nil, KeyFetch, version, 77, q)
		same(t, "scattered FetchResponse", version, bytes.Join(scatter.EncodeFetchResponse(version, 77, q), nil), whole)
	})
}

// Carry must share nothing that a sender reuses, and reuse what was given back.
func TestCarriedBodiesStandAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var free FreeList
		free.Put(drawFetched(t))
		free.Put(drawFetch(t))
		q, version := drawFetched(t), int16(17)
		want := Carry(q, version, nil)
		got := Carry(q, version, &free).(*FetchResponse)
		for i := range q.Partitions {
			clear(q.Partitions[i].Aborted)
			q.Partitions[i].HighWatermark = -9
		}
		clear(q.Nodes)
		equal(t, "FetchResponse", version, got, want)
		if len(free.fetchResponses) != 0 {
			t.Fatal("the free body was not used")
		}
	})
}

func TestFlatCodecsDoNotAllocate(t *testing.T) {
	records := bytes.Repeat([]byte{9}, 16<<10)
	produce := &ProduceRequest{Acks: -1, TimeoutMs: 30000}
	fetched := &FetchResponse{}
	produced := &ProduceResponse{}
	fetch := &FetchRequest{ReplicaID: kafka.NoBroker, ReplicaEpoch: kafka.NoBrokerEpoch, RackID: "r"}
	for i := range 10 {
		id := kafka.TopicID{byte(i / 5)}
		name := []string{"orders", "payments"}[i/5]
		index := kafka.PartitionIndex(i)
		produce.Partitions = append(produce.Partitions, ProducePartition{Topic: name, TopicID: id, Partition: index, Records: records})
		produced.Partitions = append(produced.Partitions, ProducePartitionResponse{Topic: name, TopicID: id, Partition: index})
		fetch.Partitions = append(fetch.Partitions, FetchPartition{Topic: name, TopicID: id, Partition: index, DurableEndOffset: 5})
		fetched.Partitions = append(fetched.Partitions, FetchPartitionResponse{Topic: name, TopicID: id, Partition: index, Records: records, Aborted: []AbortedTransaction{{1, 2}}})
	}
	for _, version := range []int16{8, 9, 12} { // names, so that strings are at stake
		var scatter Scatter
		buf := make([]byte, 0, 1<<20)
		var gotProduce ProduceRequest
		var gotProduced ProduceResponse
		var gotFetch FetchRequest
		var gotFetched FetchResponse
		round := func() {
			buf = AppendProduceRequest(buf[:0], version, produce)
			DecodeProduceRequest(&gotProduce, version, buf)
			buf = AppendProduceResponse(buf[:0], version, produced)
			DecodeProduceResponse(&gotProduced, version, buf)
			buf = AppendFetchRequest(buf[:0], version, fetch)
			DecodeFetchRequest(&gotFetch, version, buf)
			buf = AppendFetchResponse(buf[:0], version, fetched)
			DecodeFetchResponse(&gotFetched, version, buf)
			scatter.EncodeFetchResponse(version, 1, fetched)
		}
		round()
		if n := testing.AllocsPerRun(20, round); n != 0 {
			t.Errorf("v%d: %v allocations a round", version, n)
		}
		if len(gotProduce.Partitions) != 10 || len(gotFetched.Partitions) != 10 || len(gotFetch.Partitions) != 10 || len(gotProduced.Partitions) != 10 {
			t.Error("a decoder lost partitions")
		}
	}
}
