package powercut_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// setting is the topic setting that the churn changes.
const setting = "retention.ms"

// wanted is what may be found of a topic. One value: it was acknowledged.
type wanted struct {
	there      []bool
	partitions []int
	values     []string
	id         kadm.TopicID // once it was seen
}

// churn changes the metadata, one thing at a time, and knows what must be found
// after a power cut.
type churn struct {
	t      *testing.T
	topics map[string]*wanted
	names  []string
	made   int
	acked  int // changes acknowledged
	steps  int
	cancel context.CancelFunc
	ended  chan struct{}
}

func newChurn(t *testing.T) *churn { return &churn{t: t, topics: map[string]*wanted{}} }

// start makes changes until stop.
func (c *churn) start(address string) {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel, c.ended = cancel, make(chan struct{})
	client := connect(c.t, address)
	go func() {
		defer close(c.ended)
		defer client.Close()
		a := kadm.NewClient(client)
		for ctx.Err() == nil {
			c.step(ctx, a)
		}
	}()
}

// stop ends the changes. What is under way may have happened or not.
func (c *churn) stop() {
	c.cancel()
	<-c.ended
}

// step makes one change: mostly a new topic, its setting, more partitions; and
// now and then an old topic goes.
func (c *churn) step(ctx context.Context, a *kadm.Client) {
	c.steps++
	switch c.steps % 5 {
	case 1, 3:
		c.made++
		name := "meta-" + strconv.Itoa(c.made)
		value := strconv.Itoa(1_000_000 + c.made)
		w := &wanted{there: []bool{false, true}, partitions: []int{1 + c.made%3}, values: []string{value}}
		c.topics[name] = w
		c.names = append(c.names, name)
		r, err := a.CreateTopic(ctx, int32(w.partitions[0]), 1, map[string]*string{setting: &value}, name)
		c.settle(err == nil && r.Err == nil, func() { w.there = []bool{true} })
	case 2:
		name, w := c.pick()
		if w == nil {
			return
		}
		value := strconv.Itoa(2_000_000 + c.steps)
		w.values = append(w.values, value)
		rs, err := a.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: setting, Value: &value}}, name)
		c.settle(err == nil && len(rs) == 1 && rs[0].Err == nil, func() { w.values = []string{value} })
	case 4:
		name, w := c.pick()
		if w == nil {
			return
		}
		more := w.partitions[0] + 1
		w.partitions = append(w.partitions, more)
		rs, err := a.CreatePartitions(ctx, 1, name)
		c.settle(err == nil && rs.Error() == nil, func() { w.partitions = []int{more} })
	case 0:
		if len(c.names) < 6 {
			return
		}
		name := c.names[0]
		w := c.topics[name]
		w.there = []bool{true, false}
		rs, err := a.DeleteTopics(ctx, name)
		c.settle(err == nil && rs.Error() == nil, func() { w.there = []bool{false} })
		c.names = c.names[1:]
	}
}

func (c *churn) settle(ok bool, then func()) {
	if ok {
		c.acked++
		then()
	}
}

// pick returns the newest topic of which everything is known.
func (c *churn) pick() (string, *wanted) {
	for _, name := range slices.Backward(c.names) {
		if w := c.topics[name]; len(w.there) == 1 && w.there[0] && len(w.partitions) == 1 && len(w.values) == 1 {
			return name, w
		}
	}
	return "", nil
}

// audit compares the metadata with what was acknowledged. What was unclear is
// from now on what was found.
func (c *churn) audit(address string) {
	c.t.Helper()
	client := connect(c.t, address)
	defer client.Close()
	a := kadm.NewClient(client)
	listed, err := a.ListTopics(soon(c.t))
	if err != nil {
		c.t.Fatal(err)
	}
	for name := range listed {
		if c.topics[name] == nil && name != loadTopic && name != softTopic {
			c.t.Errorf("nobody created %s", name)
		}
	}
	for name, w := range c.topics {
		found, there := listed[name]
		if there && found.Err != nil {
			c.t.Errorf("%s: %v", name, found.Err)
			continue
		}
		if !slices.Contains(w.there, there) {
			c.t.Errorf("%s: there %t, may be %v", name, there, w.there)
		}
		w.there = []bool{there}
		if !there {
			continue
		}
		if w.id != (kadm.TopicID{}) && w.id != found.ID {
			c.t.Errorf("%s was %v and is %v", name, w.id, found.ID)
		}
		w.id = found.ID
		if n := len(found.Partitions); !slices.Contains(w.partitions, n) {
			c.t.Errorf("%s has %d partitions, may have %v", name, n, w.partitions)
		} else {
			w.partitions = []int{n}
		}
		w.values = c.auditSetting(a, name, w.values)
	}
	c.names = slices.DeleteFunc(c.names, func(name string) bool { return !c.topics[name].there[0] })
}

func (c *churn) auditSetting(a *kadm.Client, name string, may []string) []string {
	c.t.Helper()
	described, err := a.DescribeTopicConfigs(soon(c.t), name)
	if err != nil || len(described) != 1 || described[0].Err != nil {
		c.t.Fatalf("describing %s: %v, %v", name, described, err)
	}
	for _, s := range described[0].Configs {
		if s.Key != setting {
			continue
		}
		if s.Value == nil || !slices.Contains(may, *s.Value) {
			c.t.Errorf("%s has %s=%v, may have %v", name, setting, s.MaybeValue(), may)
			return may
		}
		return []string{*s.Value}
	}
	c.t.Errorf("%s has no %s", name, setting)
	return may
}

// String sums up.
func (c *churn) String() string { return fmt.Sprintf("%d changes of metadata", c.acked) }

// settled waits a moment for a condition.
func settled(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
