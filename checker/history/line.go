package history

import (
	"encoding/json"
	"errors"
	"fmt"
)

// line is one decoded line of a file, header excepted: the union of the three
// shapes. Text aliases the input and is interned by the reader.
type line struct {
	I text `json:"i"`
	F text `json:"f"`
	K text `json:"k"`
	R text `json:"r"`
	E text `json:"er"`
	X text `json:"x"`
	M text `json:"m"`

	Group    text `json:"gr"`
	Member   text `json:"mb"`
	Instance text `json:"ii"`

	FoundHash text `json:"ph"`
	WantHash  text `json:"wh"`

	Values  []Value  `json:"v"`
	Records []Record `json:"rs"`

	P    int64 `json:"p"`
	T    int64 `json:"t"`
	Op   int64 `json:"op"`
	C    int64 `json:"c"`
	Proc int64 `json:"pr"`
	In   int64 `json:"in"`
	PID  int64 `json:"pid"`
	PE   int64 `json:"pe"`
	SQ   int64 `json:"sq"`
	AK   int64 `json:"ak"`
	At   int64 `json:"at"`
	O    int64 `json:"o"`
	HW   int64 `json:"hw"`
	LS   int64 `json:"ls"`
	ST   int64 `json:"st"`
	LE   int64 `json:"le"`
	B    int64 `json:"b"`
	To   int64 `json:"to"`
	N    int64 `json:"n"`
	ND   int64 `json:"nd"`
	PN   int64 `json:"pn"`
	RE   int64 `json:"re"`
	WE   int64 `json:"we"`
	OE   int64 `json:"oe"`
	Q    int64 `json:"q"`
	GN   int64 `json:"gn"`
	CM   int64 `json:"cm"`
	U    int64 `json:"u"`

	ID bool `json:"id"`
	RC bool `json:"rc"`
	FL bool `json:"fl"`
	RT bool `json:"rt"`
	FF bool `json:"ff"`
	DP bool `json:"dp"`
	FE bool `json:"fe"`
	CL bool `json:"cl"`
	LD bool `json:"ld"`
}

// text is a string that the fast decoder leaves in the input.
type text []byte

// UnmarshalText copies: encoding/json reuses its input.
func (t *text) UnmarshalText(b []byte) error {
	*t = append((*t)[:0:0], b...)
	return nil
}

// reset gives every member its default and keeps the memory of the arrays.
func (l *line) reset() {
	*l = line{
		Values: l.Values[:0], Records: l.Records[:0],
		PID: Unset, PE: Unset, SQ: Unset, AK: -1, At: Unset, O: Unset, HW: Unset, LS: Unset, ST: Unset,
		LE: Unset, B: Unset, To: Unset, ND: Unset, PN: Unset, RE: Unset, WE: Unset, OE: Unset,
		P: Unset, Op: Unset, GN: Unset, CM: Unset,
	}
}

// decode reads one line: the form that this package writes in one pass,
// anything else that is the same JSON through encoding/json.
func (l *line) decode(b []byte) error {
	if l.decodeFast(b) {
		return nil
	}
	return l.decodeSlow(b)
}

func (l *line) decodeSlow(b []byte) error {
	l.reset()
	d := json.NewDecoder(bytesReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(l); err != nil {
		return err
	}
	if d.More() {
		return errors.New("more than one JSON value on the line")
	}
	return nil
}

// MarshalText writes "writer:sequence".
func (v Value) MarshalText() ([]byte, error) { return v.Append(nil), nil }

// UnmarshalText reads "writer:sequence".
func (v *Value) UnmarshalText(b []byte) error {
	parsed, err := ParseValue(string(b))
	*v = parsed
	return err
}

// MarshalText writes "offset:writer:sequence".
func (r Record) MarshalText() ([]byte, error) { return r.append(nil), nil }

// UnmarshalText reads "offset:writer:sequence".
func (r *Record) UnmarshalText(b []byte) error {
	rec, n, ok := parseRecord(b)
	if !ok || n != len(b) {
		return fmt.Errorf("record %q: want offset:writer:sequence", b)
	}
	*r = rec
	return nil
}
