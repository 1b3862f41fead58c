package scenarios

import (
	"hash/fnv"

	"trialog/checker/history"
)

// payloadEnd ends the readable part of a payload; padding follows.
const payloadEnd = '/'

// AppendPayload appends the payload of a record to b: the value in readable
// form and padding up to size bytes. The padding depends on the value, so that
// a reader can tell when bytes of two records were mixed.
func AppendPayload(b []byte, v history.Value, size int) []byte {
	began := len(b)
	b = v.Append(b)
	b = append(b, payloadEnd)
	i := len(b) - began
	for pad := firstPadding(v, i); i < size; i++ {
		b = append(b, 'a'+pad)
		pad = nextPadding(pad, i)
	}
	return b
}

// ParsePayload finds the value of a record that was read. Contents that no
// workload can have written come back as a foreign value, which no send has.
func ParsePayload(b []byte) history.Value {
	var writer, sequence uint64
	i, ok := parseDigits(b, 0, ':', &writer)
	if ok {
		i, ok = parseDigits(b, i, payloadEnd, &sequence)
	}
	if !ok || writer >= history.MaxWriter || sequence > history.MaxSequence {
		return foreign(b)
	}
	v := history.MakeValue(uint32(writer), sequence)
	pad := firstPadding(v, i)
	for ; i < len(b); i++ {
		if b[i] != 'a'+pad {
			return foreign(b)
		}
		pad = nextPadding(pad, i)
	}
	return v
}

// padRun is how many letters of the padding are alike, so that even a toy
// compression gains by it.
const padRun = 8

// firstPadding is the letter, counted from a, at place i of a payload.
func firstPadding(v history.Value, i int) byte {
	return byte(((uint64(v) ^ uint64(v)>>40) + uint64(i/padRun)*7) % 26)
}

// nextPadding is the letter behind the one at place i.
func nextPadding(pad byte, i int) byte {
	if (i+1)%padRun > 0 {
		return pad
	}
	if pad += 7; pad >= 26 {
		pad -= 26
	}
	return pad
}

// parseDigits reads digits from i up to end and returns what lies behind it.
func parseDigits(b []byte, i int, end byte, n *uint64) (int, bool) {
	began := i
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9' && i-began < 19; i++ {
		*n = *n*10 + uint64(b[i]-'0')
	}
	if i == began || i == len(b) || b[i] != end {
		return i, false
	}
	return i + 1, true
}

func foreign(b []byte) history.Value {
	h := fnv.New64a()
	_, _ = h.Write(b)
	return history.Foreign(h.Sum64())
}
