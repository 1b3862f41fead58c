package partition

import "trialog/core/kafka"

// BytesBetween is about how many bytes the records from one offset up to
// another take: never less than they do, and more by what lies between two
// entries of the index that memory holds. A long poll counts with it (MinBytes).
func (l *Log) BytesBetween(from, to kafka.Offset) int64 {
	if from >= to {
		return 0
	}
	i, j := l.segmentFor(from), l.segmentFor(to-1)
	low, high := l.segments[i].floor(from), l.segments[j].ceiling(to)
	if i == j {
		return high - low
	}
	n := l.segments[i].size - low + high
	for k := i + 1; k < j; k++ {
		n += l.segments[k].size
	}
	return n
}

// floor is a position at or before that of the batch that holds offset.
func (s *segment) floor(offset kafka.Offset) int64 {
	if offset <= s.base {
		return 0
	}
	rel := s.rel(offset)
	if s.index.count() > 0 && s.index.newest.rel < rel {
		return int64(s.index.newest.pos)
	}
	if t := s.index.tail; len(t) > 0 && t[0].rel < rel {
		return int64(t[search(len(t), func(i int) bool { return t[i].rel < rel })-1].pos)
	}
	if t := s.index.samples; len(t) > 0 && t[0].rel < rel {
		return int64(t[search(len(t), func(i int) bool { return t[i].rel < rel })-1].pos)
	}
	return 0
}

// ceiling is a position at or behind the end of the batch before offset.
func (s *segment) ceiling(offset kafka.Offset) int64 {
	rel := s.rel(offset)
	t := s.index.tail
	if i := search(len(t), func(i int) bool { return t[i].rel < rel }); i < len(t) && i > 0 {
		return int64(t[i].pos)
	}
	t = s.index.samples
	if i := search(len(t), func(i int) bool { return t[i].rel < rel }); i < len(t) {
		return int64(t[i].pos)
	}
	return s.size
}
