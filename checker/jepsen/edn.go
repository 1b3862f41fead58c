package jepsen

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The values of EDN that histories consist of: nil, bool, int64, float64 and
// string stand for themselves.
type (
	keyword string
	symbol  string
	vector  []any // lists and sets too: histories do not tell them apart
	pairs   []pair
)

type pair struct{ key, value any }

// get finds a value by keyword; nil: there is none.
func (p pairs) get(name keyword) any {
	for i := range p {
		if p[i].key == name {
			return p[i].value
		}
	}
	return nil
}

// maxDepth bounds how deep values may lie in one another.
const maxDepth = 100

var errEnds = errors.New("the text ends within a value")

// parser reads one value after another.
type parser struct {
	text  string
	at    int
	depth int
}

// skip passes over white space, commas, comments and discarded forms.
func (p *parser) skip() error {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == ',':
			p.at++
		case c == ';':
			if n := strings.IndexByte(p.text[p.at:], '\n'); n >= 0 {
				p.at += n
			} else {
				p.at = len(p.text)
			}
		case strings.HasPrefix(p.text[p.at:], "#_"):
			p.at += 2
			if _, err := p.value(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// value reads the next value.
func (p *parser) value() (any, error) {
	if p.depth++; p.depth > maxDepth { // forms that are passed over lie in one another too
		return nil, fmt.Errorf("values lie more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	if err := p.skip(); err != nil {
		return nil, err
	}
	if p.at >= len(p.text) {
		return nil, errEnds
	}
	switch c := p.text[p.at]; c {
	case '[':
		return p.list(']')
	case '(':
		return p.list(')')
	case '{':
		return p.mapping()
	case '"':
		return p.quoted()
	case '#':
		return p.tagged()
	case ']', ')', '}':
		return nil, fmt.Errorf("%q at %d closes nothing", c, p.at)
	default:
		return p.atom()
	}
}

func (p *parser) list(end byte) (vector, error) {
	p.at++
	list := vector{}
	for {
		if err := p.skip(); err != nil {
			return nil, err
		}
		if p.at >= len(p.text) {
			return nil, errEnds
		}
		if p.text[p.at] == end {
			p.at++
			return list, nil
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

func (p *parser) mapping() (pairs, error) {
	list, err := p.list('}')
	if err != nil {
		return nil, err
	}
	if len(list)%2 != 0 {
		return nil, errors.New("a map with a key and no value")
	}
	m := make(pairs, 0, len(list)/2)
	for i := 0; i < len(list); i += 2 {
		m = append(m, pair{list[i], list[i+1]})
	}
	return m, nil
}

func (p *parser) quoted() (string, error) {
	for end := p.at + 1; end < len(p.text); end++ {
		switch p.text[end] {
		case '\\':
			end++
		case '"':
			s, err := strconv.Unquote(strings.ReplaceAll(p.text[p.at:end+1], "\n", `\n`))
			p.at = end + 1
			return s, err
		}
	}
	return "", errEnds
}

// tagged reads a set, or a value behind its tag, which is dropped: records of
// Jepsen's are maps.
func (p *parser) tagged() (any, error) {
	p.at++
	if p.at < len(p.text) && p.text[p.at] == '{' {
		return p.list('}')
	}
	if _, err := p.atom(); err != nil {
		return nil, err
	}
	return p.value()
}

func (p *parser) atom() (any, error) {
	begin := p.at
	for p.at < len(p.text) && !strings.ContainsRune(" \n\t\r,;\"()[]{}", rune(p.text[p.at])) {
		p.at++
	}
	word := p.text[begin:p.at]
	switch {
	case word == "" && begin == len(p.text):
		return nil, errEnds
	case word == "":
		return nil, fmt.Errorf("%q at %d begins nothing", p.text[begin], begin)
	case word == "nil":
		return nil, nil
	case word == "true" || word == "false":
		return word == "true", nil
	case word[0] == ':':
		return keyword(word[1:]), nil
	}
	if n, err := strconv.ParseInt(strings.TrimSuffix(word, "N"), 10, 64); err == nil {
		return n, nil
	}
	if f, err := strconv.ParseFloat(strings.TrimSuffix(word, "M"), 64); err == nil {
		return f, nil
	}
	return symbol(word), nil
}
