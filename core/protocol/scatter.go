package protocol

// Scatter is a fetch response as a list of byte slices: what we wrote,
// alternating with record slices as the disk returned them, so that records
// are never copied (net.Buffers, writev). Its memory is reused: the segments
// are valid until the next Encode.
type Scatter struct {
	head     []byte
	cuts     []scatterCut
	segments [][]byte
}

// scatterCut says that records stand before head[at].
type scatterCut struct {
	at      int
	records []byte
}

func (s *Scatter) cut(at int, records []byte) {
	if len(records) > 0 {
		s.cuts = append(s.cuts, scatterCut{at, records})
	}
}

// EncodeFetchResponse returns one whole frame, prefix included, whose
// concatenation equals AppendResponse's.
func (s *Scatter) EncodeFetchResponse(version int16, correlationID int32, q *FetchResponse) [][]byte {
	s.cuts = s.cuts[:0]
	s.head = append(s.head[:0], 0, 0, 0, 0)
	s.head = AppendResponseHeader(s.head, KeyFetch, version, correlationID)
	s.head = appendFetchResponse(s.head, version, q, s)
	total := len(s.head) - FramePrefixBytes
	s.segments = s.segments[:0]
	from := 0
	for _, c := range s.cuts {
		s.segments = append(s.segments, s.head[from:c.at:c.at], c.records)
		from = c.at
		total += len(c.records)
	}
	s.segments = append(s.segments, s.head[from:])
	prefix := appendInt32(s.head[:0], int32(total))
	_ = prefix // wrote into s.head
	return s.segments
}
