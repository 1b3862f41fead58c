package asking

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Kept is a topic of which only one client changes the settings, one at a time,
// and what each of them may be.
type Kept struct {
	Topic    string
	settings [len(keptNames)]keptSetting
	writes   int
}

// keptNames can be set to any number that is not small.
var keptNames = [...]string{"retention.ms", "max.message.bytes", "delete.retention.ms"}

// keptSetting is what is known of one setting. A write that nobody has answered
// may take effect at any time later.
type keptSetting struct {
	known string // by the last write that was answered; empty: none was
	late  []string
	ever  []string
}

// Write is a change under way.
type Write struct {
	setting int
	value   string
}

// Write draws a change.
func (k *Kept) Write(choose Choose) (*Write, kmsg.Request) {
	k.writes++
	w := &Write{setting: int(choose(uint64(len(keptNames)))), value: strconv.Itoa(70_000_000 + k.writes)}
	k.settings[w.setting].ever = append(k.settings[w.setting].ever, w.value)
	q := kmsg.NewPtrIncrementalAlterConfigsRequest()
	q.Version = 1 - int16(choose(2))
	r := kmsg.NewIncrementalAlterConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, k.Topic
	c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	c.Name, c.Value = keptNames[w.setting], &w.value
	r.Configs = append(r.Configs, c)
	q.Resources = append(q.Resources, r)
	return w, q
}

// Written takes the answer to a change; nil: there was none.
func (k *Kept) Written(w *Write, answer kmsg.Response) {
	s := &k.settings[w.setting]
	if a, ok := answer.(*kmsg.IncrementalAlterConfigsResponse); ok && len(a.Resources) == 1 && a.Resources[0].ErrorCode == 0 {
		s.known = w.value
		return
	}
	s.late = append(s.late, w.value)
}

// Read asks for the settings.
func (k *Kept) Read(choose Choose) kmsg.Request {
	q := kmsg.NewPtrDescribeConfigsRequest()
	q.Version = 4 - int16(choose(4))
	r := kmsg.NewDescribeConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, k.Topic
	r.ConfigNames = keptNames[:]
	q.Resources = append(q.Resources, r)
	return q
}

// Differs says in what a broker's settings are not the ones that were written;
// empty: in nothing. wrong: they cannot be what the broker heard last either.
func (k *Kept) Differs(answer kmsg.Response) (text string, wrong bool) {
	a, ok := answer.(*kmsg.DescribeConfigsResponse)
	if !ok || len(a.Resources) != 1 {
		return "no resource", true
	}
	r := &a.Resources[0]
	if r.ErrorCode != 0 {
		return fmt.Sprintf("error code %d", r.ErrorCode), false // it may not have heard of the topic
	}
	if len(r.Configs) != len(keptNames) {
		return fmt.Sprintf("%d settings of %d", len(r.Configs), len(keptNames)), true
	}
	for i := range r.Configs {
		c := &r.Configs[i]
		s := &k.settings[slices.Index(keptNames[:], c.Name)]
		if c.Value == nil {
			return c.Name + " is null", true
		}
		dynamic := c.Source == kmsg.ConfigSourceDynamicTopicConfig
		if dynamic != slices.Contains(s.ever, *c.Value) {
			return fmt.Sprintf("%s is %s, of source %v", c.Name, *c.Value, c.Source), true
		}
		if s.known != "" && *c.Value != s.known && !slices.Contains(s.late, *c.Value) {
			text = fmt.Sprintf("%s is %s and was set to %s", c.Name, *c.Value, s.known)
		}
	}
	return text, false
}
