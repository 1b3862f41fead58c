package history

import (
	"bytes"
	"io"
	"math"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

// decodeFast reads an object without blanks, escapes, nulls or numbers with
// fractions, members in any order. It reports false for anything else, and
// then l holds rubbish.
func (l *line) decodeFast(b []byte) bool {
	l.reset()
	if len(b) < 2 || b[0] != '{' {
		return false
	}
	if b[1] == '}' {
		return len(b) == 2
	}
	for b = b[1:]; ; {
		key, n, ok := plainString(b)
		if !ok || n >= len(b) || b[n] != ':' {
			return false
		}
		if b, ok = l.member(key, b[n+1:]); !ok || len(b) == 0 {
			return false
		}
		switch b[0] {
		case ',':
			b = b[1:]
		case '}':
			return len(b) == 1
		default:
			return false
		}
	}
}

// member reads the value of one member and returns what follows it.
func (l *line) member(key, b []byte) ([]byte, bool) {
	if len(b) == 0 {
		return nil, false
	}
	switch b[0] {
	case '"':
		s, n, ok := plainString(b)
		dst := l.textMember(key)
		if !ok || dst == nil {
			return nil, false
		}
		*dst = s
		return b[n:], true
	case '[':
		return l.arrayMember(key, b[1:])
	case 't':
		dst := l.boolMember(key)
		if dst == nil || !bytes.HasPrefix(b, []byte("true")) {
			return nil, false
		}
		*dst = true
		return b[4:], true
	default:
		dst := l.intMember(key)
		v, n, ok := plainInt(b)
		if !ok || dst == nil {
			return nil, false
		}
		*dst = v
		return b[n:], true
	}
}

func (l *line) arrayMember(key, b []byte) ([]byte, bool) {
	values := string(key) == "v"
	if !values && string(key) != "rs" {
		return nil, false
	}
	if values {
		l.Values = l.Values[:0]
	} else {
		l.Records = l.Records[:0]
	}
	if len(b) > 0 && b[0] == ']' {
		return b[1:], true
	}
	for {
		if len(b) == 0 || b[0] != '"' {
			return nil, false
		}
		n, ok := 0, false
		if values {
			var v Value
			v, n, ok = parseValue(b[1:])
			l.Values = append(l.Values, v)
		} else {
			var r Record
			r, n, ok = parseRecord(b[1:])
			l.Records = append(l.Records, r)
		}
		if n += 1; !ok || n+1 >= len(b) || b[n] != '"' {
			return nil, false
		}
		switch b[n+1] {
		case ',':
			b = b[n+2:]
		case ']':
			return b[n+2:], true
		default:
			return nil, false
		}
	}
}

// parseValue reads "writer:sequence" up to the first byte that is neither a
// digit nor the colon, and returns the length read.
func parseValue(b []byte) (v Value, n int, ok bool) {
	w, i, ok := plainUint(b)
	if !ok || w > MaxWriter || i >= len(b) || b[i] != ':' {
		return 0, 0, false
	}
	s, j, ok := plainUint(b[i+1:])
	if !ok || s > MaxSequence {
		return 0, 0, false
	}
	return MakeValue(uint32(w), s), i + 1 + j, true
}

func parseRecord(b []byte) (r Record, n int, ok bool) {
	o, i, ok := plainInt(b)
	if !ok || i >= len(b) || b[i] != ':' {
		return Record{}, 0, false
	}
	v, j, ok := parseValue(b[i+1:])
	return Record{Offset: o, Value: v}, i + 1 + j, ok
}

// plainString reads a quoted string of printable ASCII without escapes. It
// returns the contents and the length read, quotes included.
func plainString(b []byte) (s []byte, n int, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, 0, false
	}
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return b[1:i], i + 1, true
		case c == '\\' || c < ' ' || c >= 0x7f:
			return nil, 0, false
		}
	}
	return nil, 0, false
}

func plainInt(b []byte) (v int64, n int, ok bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	u, n, ok := plainUint(b)
	if !ok || u > math.MaxInt64 || negative && u == 0 {
		return 0, 0, false
	}
	if negative {
		return -int64(u), n + 1, true
	}
	return int64(u), n, true
}

// plainUint reads digits without a leading zero and what fits 18 digits.
func plainUint(b []byte) (v uint64, n int, ok bool) {
	for n < len(b) && b[n]-'0' <= 9 {
		v = v*10 + uint64(b[n]-'0')
		if n++; n > 18 {
			return 0, 0, false
		}
	}
	if n == 0 || n > 1 && b[0] == '0' {
		return 0, 0, false
	}
	return v, n, true
}
