package protocol

import (
	"bytes"
	"testing"
)

// One partition of 16 KiB, as a busy connection sees it.

func BenchmarkDecodeProduceRequest(b *testing.B) {
	frame := AppendProduceRequest(nil, 13, &ProduceRequest{Acks: -1, Partitions: []ProducePartition{{Records: bytes.Repeat([]byte{1}, 16<<10)}}})
	var q ProduceRequest
	b.ReportAllocs()
	for b.Loop() {
		DecodeProduceRequest(&q, 13, frame)
	}
}

func BenchmarkAppendProduceResponse(b *testing.B) {
	var buf []byte
	r := &ProduceResponse{Partitions: make([]ProducePartitionResponse, 10)}
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendResponse(buf[:0], KeyProduce, 13, 1, r)
	}
}

func BenchmarkScatterFetchResponse(b *testing.B) {
	var s Scatter
	r := &FetchResponse{Partitions: make([]FetchPartitionResponse, 10)}
	for i := range r.Partitions {
		r.Partitions[i].Records = bytes.Repeat([]byte{1}, 16<<10)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.EncodeFetchResponse(17, 1, r)
	}
}
