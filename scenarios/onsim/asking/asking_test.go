package asking

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func draws(seed uint64) Choose {
	return func(n uint64) uint64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return seed >> 33 % n
	}
}

// Every API is drawn in its newest and its oldest version, and what is drawn can
// be read as what it is.
func TestQuestionsAreWellFormed(t *testing.T) {
	d := Drawer{Choose: draws(1), Own: []string{"a"}, Seen: []string{"b"}, Groups: []string{"g"}}
	oldest, newest := map[int16]bool{}, map[int16]bool{}
	for range 20_000 {
		q := d.Question()
		for i := range apis {
			if a := &apis[i]; a.key == q.Key() {
				oldest[a.key] = oldest[a.key] || q.GetVersion() == a.min
				newest[a.key] = newest[a.key] || q.GetVersion() == a.max
			}
		}
		read := kmsg.RequestForKey(q.Key())
		read.SetVersion(q.GetVersion())
		if err := read.ReadFrom(q.AppendTo(nil)); err != nil {
			t.Fatalf("%s: %v", shown(q), err)
		}
	}
	if len(oldest) != len(apis) || len(newest) != len(apis) {
		t.Errorf("%d and %d of %d APIs", len(oldest), len(newest), len(apis))
	}
	for _, a := range apis {
		if !oldest[a.key] || !newest[a.key] {
			t.Errorf("API %d is not asked in versions %d and %d", a.key, a.min, a.max)
		}
	}
}

func TestJudge(t *testing.T) {
	ask := kmsg.NewPtrDeleteGroupsRequest()
	ask.Version, ask.Groups = 2, []string{"g"}
	group := func(code int16) kmsg.DeleteGroupsResponseGroup {
		return kmsg.DeleteGroupsResponseGroup{Group: "g", ErrorCode: code}
	}
	for _, c := range []struct {
		name   string
		groups []kmsg.DeleteGroupsResponseGroup
		want   string
	}{
		{"deleted", []kmsg.DeleteGroupsResponseGroup{group(0)}, ""},
		{"unknown", []kmsg.DeleteGroupsResponseGroup{group(69)}, ""},
		{"a code of another API", []kmsg.DeleteGroupsResponseGroup{group(3)}, "error code 3"},
		{"no reason given", []kmsg.DeleteGroupsResponseGroup{group(-1)}, "error code -1"},
		{"no answer", nil, "1 groups were asked for"},
	} {
		answer := kmsg.NewPtrDeleteGroupsResponse()
		answer.Groups = c.groups
		if got := Judge(ask, answer, 1); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	if Judge(ask, kmsg.NewPtrListGroupsResponse(), 1) == "" {
		t.Error("an answer of another API passes")
	}
}

func TestKept(t *testing.T) {
	k := Kept{Topic: "kept"}
	first := func(uint64) uint64 { return 0 }
	answer := func(code int16) kmsg.Response {
		a := kmsg.NewPtrIncrementalAlterConfigsResponse()
		a.Resources = append(a.Resources, kmsg.IncrementalAlterConfigsResponseResource{ErrorCode: code})
		return a
	}
	told := func(value string, source kmsg.ConfigSource) kmsg.Response {
		a := kmsg.NewPtrDescribeConfigsResponse()
		r := kmsg.DescribeConfigsResponseResource{}
		for i, name := range keptNames {
			c := kmsg.DescribeConfigsResponseResourceConfig{Name: name, Value: kmsg.StringPtr("5"), Source: kmsg.ConfigSourceDefaultConfig}
			if i == 0 {
				c.Value, c.Source = &value, source
			}
			r.Configs = append(r.Configs, c)
		}
		a.Resources = append(a.Resources, r)
		return a
	}
	one, _ := k.Write(first)
	k.Written(one, answer(0))
	two, _ := k.Write(first)
	k.Written(two, nil)
	dynamic := kmsg.ConfigSourceDynamicTopicConfig
	for _, c := range []struct {
		name    string
		answer  kmsg.Response
		differs bool
		wrong   bool
	}{
		{"as it was set", told(one.value, dynamic), false, false},
		{"what was asked for and not answered", told(two.value, dynamic), false, false},
		{"the default", told("5", kmsg.ConfigSourceDefaultConfig), true, false},
		{"what nobody has set", told("77", dynamic), true, true},
		{"what was set, as the default", told(one.value, kmsg.ConfigSourceDefaultConfig), true, true},
	} {
		if text, wrong := k.Differs(c.answer); (text != "") != c.differs || wrong != c.wrong {
			t.Errorf("%s: %q, wrong %v", c.name, text, wrong)
		}
	}
}
