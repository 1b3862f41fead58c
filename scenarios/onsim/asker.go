package onsim

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/scenarios"
	"trialog/scenarios/onsim/asking"
	"trialog/sim"
	"trialog/sim/choice"
)

// What an asker's command was.
const (
	tagAsked   = iota // a question of any kind
	tagKeep           // makes the topic whose settings it keeps
	tagKeyed          // makes the compacted topic
	tagKeyless        // writes a record without a key to it
	tagSet            // changes a setting
	tagGet            // reads the settings
)

// asker asks brokers whatever can be asked, and keeps the settings of one topic
// in mind, which every broker must tell in the end.
type asker struct {
	application
	draw    asking.Drawer
	kept    keeping
	keyed   bool // the compacted topic is there
	left    int  // questions
	gap     int64
	brokers int
	asked   kmsg.Request // that awaits its answer
	wrong   []string     // answers that are none
}

// keeping is what is known of the kept topic.
type keeping struct {
	asking.Kept
	made   bool
	write  *asking.Write // under way
	broker int           // that is being asked for its settings
	told   int           // brokers that had told them, after the faults
	patent int64         // since when they ought to agree; 0: faults strike
	last   string        // in what the last answer differed
}

func (k *keeping) waiting() string { return fmt.Sprintf("of broker %d: %s", k.told+1, k.last) }

// slowest is how long after the faults a broker may tell old settings.
const slowest = 30 * sim.Second

// asker puts one on a host of its own.
func (d drawer) asker(t *trial, s *scenarios.Scenario, next func() application, add func(string, sim.App, client.Config), span int64) {
	a := &asker{application: next(), left: d.workload(s.Workload.Questions), brokers: s.Cluster.Brokers}
	a.gap = span * 3 / 4 / int64(a.left)
	a.kept.Topic = "asked-kept"
	a.draw = asking.Drawer{Own: []string{"asked-0", "asked-1"}, Groups: []string{"asked-group-0", "asked-group-1"}}
	for i := range t.topics {
		a.draw.Seen = append(a.draw.Seen, t.topics[i].name)
	}
	t.asker = a
	c := d.client(5)
	c.Producer.Acks = -1
	add("asker", a, c)
}

// Start begins a process.
func (a *asker) Start(c *sim.ClientHost) {
	if a.kept.write != nil {
		a.kept.Written(a.kept.write, nil)
		a.kept.write = nil
	}
	a.begin()
	wakeIn(c, a.gap)
}

func (a *asker) choose(c *sim.ClientHost) asking.Choose {
	return func(n uint64) uint64 { return c.Choose(choice.AppDetail, n) }
}

// Wake asks the next question.
func (a *asker) Wake(c *sim.ClientHost) {
	wakeIn(c, a.gap/2+int64(c.Choose(choice.AppGap, uint64(a.gap)+1)))
	if !a.trial.ready || len(a.pending) > 0 || a.Idle() {
		return
	}
	a.draw.Choose = a.choose(c)
	command := a.next()
	switch {
	case !a.kept.made:
		a.await(command, history.NoOp, tagKeep)
		c.Do(&client.CreateTopic{Op: command, Topic: a.kept.Topic, Partitions: 1, Replicas: -1})
	case !a.keyed:
		a.await(command, history.NoOp, tagKeyed)
		c.Do(&client.CreateTopic{Op: command, Topic: "asked-keyed", Partitions: 1, Replicas: -1, Settings: []client.TopicSetting{{Name: "cleanup.policy", Value: "compact"}}})
	case c.Phase() >= sim.Healing:
		if a.kept.patent == 0 {
			a.kept.patent = c.Now()
		}
		a.get(c, command, a.kept.told+1)
	case a.left > 0:
		a.left--
		a.question(c, command)
	}
}

func (a *asker) question(c *sim.ClientHost, command client.OpID) {
	switch c.Choose(choice.AppOp, 16) {
	case 1, 2:
		a.kept.write, a.asked = a.kept.Write(a.draw.Choose)
		a.await(command, history.NoOp, tagSet)
		a.ask(c, command, a.someBroker(c))
	case 3:
		a.get(c, command, int(a.someBroker(c)))
	case 4:
		a.await(command, history.NoOp, tagKeyless)
		c.Do(&client.Produce{Op: command, Topic: "asked-keyed", Records: []client.Record{{Timestamp: kafka.NoTimestamp, Value: []byte("of no key")}}})
	default:
		a.asked = a.draw.Question()
		a.await(command, history.NoOp, tagAsked)
		a.ask(c, command, a.someBroker(c))
	}
}

// someBroker draws one; 0 is none, and anybody is asked.
func (a *asker) someBroker(c *sim.ClientHost) kafka.BrokerID {
	return kafka.BrokerID(c.Choose(choice.AppTarget, uint64(a.brokers)+1))
}

func (a *asker) get(c *sim.ClientHost, command client.OpID, broker int) {
	a.kept.broker, a.asked = broker, a.kept.Read(a.draw.Choose)
	a.await(command, history.NoOp, tagGet)
	a.ask(c, command, kafka.BrokerID(broker))
}

func (a *asker) ask(c *sim.ClientHost, command client.OpID, broker kafka.BrokerID) {
	c.Do(&client.Ask{Op: command, Broker: broker, Request: a.asked})
}

// Done judges an answer.
func (a *asker) Done(c *sim.ClientHost, d *client.Done) {
	pending, ok := a.take(d.Op)
	if !ok {
		return
	}
	answer, _ := d.Answer.(kmsg.Response)
	if d.Answer != nil {
		a.accuse(asking.Judge(a.asked, answer, a.brokers))
	}
	switch pending.tag {
	case tagAsked:
		a.learn(answer)
	case tagKeep:
		a.kept.made = there(d)
	case tagKeyed:
		a.keyed = there(d)
	case tagKeyless:
		if d.Outcome == client.OK {
			a.accuse("a record without a key was taken into a compacted topic, at " + strconv.FormatInt(int64(d.Offset), 10))
		}
	case tagSet:
		a.kept.Written(a.kept.write, answer)
		a.kept.write = nil
	case tagGet:
		if answer != nil {
			a.got(c, int(d.Broker), answer)
		}
	}
	if d.Dead {
		c.Restart()
	}
}

// there tells whether a topic that was to be made is there.
func there(d *client.Done) bool {
	return d.Outcome == client.OK || errorName(d.Err, d.Reason) == "TOPIC_ALREADY_EXISTS"
}

// got compares the settings that a broker tells with what was written.
func (a *asker) got(c *sim.ClientHost, broker int, answer kmsg.Response) {
	k := &a.kept
	text, wrong := k.Differs(answer)
	after := k.patent > 0 && broker == k.told+1
	switch {
	case wrong, after && text != "" && c.Now() > k.patent+slowest:
		a.accuse(fmt.Sprintf("broker %d tells the settings of %s wrong: %s", broker, k.Topic, text))
		k.told = a.brokers
	case after && text == "":
		k.told++
	default:
		k.last = text
	}
}

// learn keeps the names that brokers have given to topics and members.
func (a *asker) learn(answer kmsg.Response) {
	switch r := answer.(type) {
	case *kmsg.JoinGroupResponse:
		a.draw.Member = r.MemberID
	case *kmsg.ConsumerGroupHeartbeatResponse:
		if r.MemberID != nil {
			a.draw.Member = *r.MemberID
		}
	case *kmsg.CreateTopicsResponse:
		for i := range r.Topics {
			if t := &r.Topics[i]; slices.Contains(a.draw.Own, t.Topic) && t.TopicID != [16]byte{} && len(a.draw.IDs) < 16 {
				a.draw.IDs = append(a.draw.IDs, t.TopicID)
			}
		}
	default:
		// Nothing else is named by brokers.
	}
}

func (a *asker) accuse(text string) {
	if text != "" && len(a.wrong) < 10 {
		a.wrong = append(a.wrong, text)
	}
}

// Idle tells whether every broker has told the settings that were written.
func (a *asker) Idle() bool { return a.kept.told >= a.brokers && a.kept.patent > 0 || len(a.wrong) > 0 }
