package history

// The names of the members, for the fast decoder; line's tags say the same to
// encoding/json, and a test compares the two.

func (l *line) textMember(key []byte) *text {
	switch string(key) {
	case "i":
		return &l.I
	case "f":
		return &l.F
	case "k":
		return &l.K
	case "r":
		return &l.R
	case "er":
		return &l.E
	case "x":
		return &l.X
	case "m":
		return &l.M
	case "gr":
		return &l.Group
	case "mb":
		return &l.Member
	case "ii":
		return &l.Instance
	case "ph":
		return &l.FoundHash
	case "wh":
		return &l.WantHash
	}
	return nil
}

func (l *line) boolMember(key []byte) *bool {
	switch string(key) {
	case "id":
		return &l.ID
	case "rc":
		return &l.RC
	case "fl":
		return &l.FL
	case "rt":
		return &l.RT
	case "ff":
		return &l.FF
	case "dp":
		return &l.DP
	case "fe":
		return &l.FE
	case "cl":
		return &l.CL
	case "ld":
		return &l.LD
	}
	return nil
}

func (l *line) intMember(key []byte) *int64 {
	switch string(key) {
	case "p":
		return &l.P
	case "t":
		return &l.T
	case "op":
		return &l.Op
	case "c":
		return &l.C
	case "pr":
		return &l.Proc
	case "in":
		return &l.In
	case "pid":
		return &l.PID
	case "pe":
		return &l.PE
	case "sq":
		return &l.SQ
	case "ak":
		return &l.AK
	case "at":
		return &l.At
	case "o":
		return &l.O
	case "hw":
		return &l.HW
	case "ls":
		return &l.LS
	case "st":
		return &l.ST
	case "le":
		return &l.LE
	case "b":
		return &l.B
	case "to":
		return &l.To
	case "n":
		return &l.N
	}
	return l.eventIntMember(key)
}

func (l *line) eventIntMember(key []byte) *int64 {
	switch string(key) {
	case "nd":
		return &l.ND
	case "pn":
		return &l.PN
	case "re":
		return &l.RE
	case "we":
		return &l.WE
	case "oe":
		return &l.OE
	case "q":
		return &l.Q
	case "gn":
		return &l.GN
	case "cm":
		return &l.CM
	case "u":
		return &l.U
	}
	return nil
}
