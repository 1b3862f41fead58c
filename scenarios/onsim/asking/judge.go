package asking

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Judge says what is wrong with an answer; empty: nothing. brokers are 1 to n.
func Judge(q kmsg.Request, answer kmsg.Response, brokers int) string {
	what := kmsg.NameForKey(q.Key())
	if answer == nil || answer.Key() != q.Key() {
		return fmt.Sprintf("%s %d was answered by something else: %T", what, q.GetVersion(), answer)
	}
	if text := form(answer, q.GetVersion()); text != "" {
		return fmt.Sprintf("%s %d: %s", what, q.GetVersion(), text)
	}
	for _, code := range Codes(answer) {
		if !slices.Contains(always, code) && !slices.Contains(documented[q.Key()], code) {
			return fmt.Sprintf("%s %d was answered with error code %d, which it does not have; asked: %s", what, q.GetVersion(), code, shown(q))
		}
	}
	if text := content(q, answer, brokers); text != "" {
		return fmt.Sprintf("%s %d: %s; asked: %s", what, q.GetVersion(), text, shown(q))
	}
	return ""
}

// shown is a question as text, the same one for the same question.
func shown(q kmsg.Request) string {
	text, err := json.Marshal(q)
	if err != nil {
		return err.Error()
	}
	return string(text[:min(len(text), 2000)])
}

// form tells whether an answer is one of its version: what a client reads from
// its bytes makes the same bytes.
func form(answer kmsg.Response, version int16) string {
	answer.SetVersion(version)
	sent := answer.AppendTo(nil)
	read := kmsg.ResponseForKey(answer.Key())
	read.SetVersion(version)
	if err := read.ReadFrom(sent); err != nil {
		return "the answer cannot be read: " + err.Error()
	}
	if !bytes.Equal(sent, read.AppendTo(nil)) {
		return "the answer is another one when it is read"
	}
	return ""
}

// Codes lists the error codes in an answer, in its order, without those of success.
func Codes(answer kmsg.Response) []int16 { return codes(reflect.ValueOf(answer).Elem(), nil) }

func codes(v reflect.Value, found []int16) []int16 {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Field(i)
			if v.Type().Field(i).Name == "ErrorCode" && f.Kind() == reflect.Int16 {
				if f.Int() != 0 {
					found = append(found, int16(f.Int()))
				}
			} else if v.Type().Field(i).Name != "UnknownTags" {
				found = codes(f, found)
			}
		}
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k == reflect.Struct {
			for i := range v.Len() {
				found = codes(v.Index(i), found)
			}
		}
	default:
		// Codes stand in structs.
	}
	return found
}

// always are codes that any request may be answered with: of a version or a form
// that nobody speaks.
var always = []int16{35, 42}

// What the controller's APIs have in common: it cannot be reached, or is another
// one, or took too long; and the coordinators'.
var (
	ofController  = []int16{7, 41}
	ofCoordinator = []int16{14, 15, 16, 24}
)

func with(common []int16, own ...int16) []int16 { return append(slices.Clone(common), own...) }

// documented are the error codes of each API, by key, as Kafka's protocol and its
// proposals name them.
var documented = map[int16][]int16{
	2:  {3, 5, 6, 43, 56, 74, 75, 78},
	3:  {3, 5, 17, 9, 72, 100, 103},
	8:  with(ofCoordinator, 3, 7, 12, 22, 25, 27, 28, 69, 82, 100, 110, 113),
	9:  with(ofCoordinator, 3, 7, 22, 25, 69, 88, 100, 113),
	10: {15, 24, 53},
	11: with(ofCoordinator, 7, 23, 25, 26, 27, 79, 81, 82),
	12: with(ofCoordinator, 22, 25, 27, 82),
	13: with(ofCoordinator, 7, 25, 82),
	14: with(ofCoordinator, 7, 22, 23, 25, 27, 82),
	15: with(ofCoordinator, 69),
	16: with(ofCoordinator),
	18: {},
	19: with(ofController, 17, 36, 37, 38, 39, 40, 44, 89),
	20: with(ofController, 3, 17, 73, 100, 103),
	21: {1, 3, 5, 6, 7, 17, 44, 56},
	22: {7, 14, 15, 16, 47, 49, 50, 51, 90, 53},
	23: {3, 5, 6, 56, 74, 75},
	32: {3, 17},
	33: with(ofController, 3, 17, 40, 44, 102),
	35: {56},
	37: with(ofController, 3, 17, 37, 38, 39, 44, 60),
	42: with(ofCoordinator, 7, 68, 69),
	43: with(ofController, 3, 80, 83, 84),
	44: with(ofController, 3, 17, 40, 44, 102),
	45: with(ofController, 3, 39, 60, 85, 38),
	46: with(ofController, 3),
	47: with(ofCoordinator, 3, 7, 68, 69, 86),
	55: {3},
	57: with(ofController, 95, 96),
	60: {114, 115},
	64: with(ofController, 102),
	68: with(ofCoordinator, 7, 25, 69, 81, 82, 110, 111, 112, 128),
	69: with(ofCoordinator, 69),
	74: {},
	75: {3, 5, 17, 72},
	80: with(ofController, 104, 125, 126, 127),
	81: with(ofController, 104, 125, 127),
}
