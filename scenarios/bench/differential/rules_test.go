package differential

import (
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Every rule stands for a row of docs/DIVERGENCES.md.
func TestRulesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/DIVERGENCES.md")
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, r := range rules {
		if !strings.Contains(string(page), "\n| "+r.row) {
			t.Errorf("rule %s: no row of docs/DIVERGENCES.md begins with %q", r.name, r.row)
		}
		if names[r.name] {
			t.Errorf("two rules are called %s", r.name)
		}
		names[r.name] = true
	}
}

// planted is a difference, and the rule that is to take it; "": none may.
type planted struct {
	rule        string
	step        step
	right, ours string
	before      []told
	trace       trace
	stand       [2]string
}

func ok(kind, slot int, said string) told {
	return told{step: &step{kind: kind, slot: slot}, during: 0, right: said, ours: said}
}

var (
	joined  = ok(doJoin, 0, "ok generation 1 protocol range leads 1 skip false")
	refused = told{step: &step{kind: doJoin, slot: 1}, during: 7, right: "REBALANCE_IN_PROGRESS", ours: "REBALANCE_IN_PROGRESS"}
	given   = ok(doConsumer, 2, "ok epoch 2 interval 5000 has t 4")
	even    = "ok Stable epoch 3 targets 3 by uniform: epoch 3 type 1 topics [t u] has 2 shall 2, epoch 3 type 1 topics [t] has 2 shall 2"
	uneven  = "ok Stable epoch 3 targets 3 by uniform: epoch 3 type 1 topics [t u] has 3 shall 3, epoch 3 type 1 topics [t] has 1 shall 1"
	less    = "ok Stable epoch 3 targets 3 by uniform: epoch 3 type 1 topics [t u] has 2 shall 2, epoch 3 type 1 topics [t] has 1 shall 1"
	same    = "ok Stable epoch 3 targets 3 by uniform: epoch 3 type 1 topics [t] has 3 shall 3, epoch 3 type 1 topics [t] has 1 shall 1"
	mirror  = "ok Stable epoch 3 targets 3 by uniform: epoch 3 type 1 topics [t] has 1 shall 1, epoch 3 type 1 topics [t] has 3 shall 3"
	other   = "ok Stable epoch 3 targets 3 by uniform: epoch 3 type 1 topics [t] has 4 shall 4, epoch 3 type 1 topics [t] has 0 shall 0"
	asked   = ok(doJoin, 3, "MEMBER_ID_REQUIRED")
)

var plants = []planted{
	// Nobody has written of these.
	{"", step{kind: doHeartbeat}, "ok", "ILLEGAL_GENERATION", []told{joined, given}, trace{}, [2]string{}},
	{"", step{kind: doCommit}, "t-0 UNKNOWN_MEMBER_ID", "t-0 ok", []told{joined, given}, trace{static: true}, [2]string{}},
	{"", step{kind: doFetch}, "ok: t-0 5 \"at 5\" ok", "ok: ", []told{joined, given}, trace{}, [2]string{}},
	{"", step{kind: doHeartbeat}, "(no answer)", "ok", []told{joined}, trace{}, [2]string{}},
	{"", step{kind: doList}, "ok: g-1-0 consumer Stable classic", "ok: ", []told{joined}, trace{}, [2]string{}},

	{"no-shared-protocol", step{kind: doConsumer, slot: 2}, "UNKNOWN_SERVER_ERROR", "ok epoch 2 interval 5000 has t 4", []told{joined, refused}, trace{old: true}, [2]string{}},
	{"nameless-member", step{kind: doConsumer, slot: 2}, "ok epoch 2 interval 5000 has t 2", "ok epoch 2 interval 5000 has t 4", []told{joined, refused}, trace{old: true}, [2]string{}},
	{"", step{kind: doConsumer, slot: 2}, "ok epoch 2 interval 5000 has t 4", "ok epoch 2 interval 5000 has t 2", []told{joined, refused}, trace{old: true}, [2]string{}},
	{"no-shared-protocol", step{kind: doConsumer, slot: 2}, "UNKNOWN_SERVER_ERROR", "ok epoch 2 interval 5000 has t 4", []told{joined, refused}, trace{}, [2]string{}},
	{"", step{kind: doConsumer, slot: 2}, "UNKNOWN_SERVER_ERROR", "FENCED_MEMBER_EPOCH", []told{joined, refused}, trace{}, [2]string{}},
	{"", step{kind: doConsumer, slot: 2}, "UNKNOWN_SERVER_ERROR", "ok epoch 2 interval 5000 has t 4", []told{joined}, trace{old: true}, [2]string{}},

	{"uniform-ties", step{kind: doConsumer}, "ok epoch 3 interval 5000 has t 2, u 1", "ok epoch 3 interval 5000 has t 2", nil, trace{}, [2]string{even, even}},
	{"uniform-ties", step{kind: doConsumer}, "ok epoch 3 interval 5000 has t 3", "ok epoch 3 interval 5000 has ", nil, trace{}, [2]string{same, mirror}},
	{"uniform-ties", step{kind: doSync}, "ok t 1", "ok t 2", nil, trace{}, [2]string{even, even}},
	{"", step{kind: doSync}, "ok t 1", "REBALANCE_IN_PROGRESS nothing", nil, trace{}, [2]string{even, even}},
	{"", step{kind: doSync}, "ok t 1", "ok t 2", nil, trace{}, [2]string{"GROUP_ID_NOT_FOUND  epoch 0 targets 0 by : ", "GROUP_ID_NOT_FOUND  epoch 0 targets 0 by : "}},
	{"uniform", step{kind: doConsumer}, "ok epoch 3 interval 5000 has t 2, u 1", "ok epoch 3 interval 5000 has t 2", nil, trace{}, [2]string{uneven, even}},
	{"uniform", step{kind: doConsumerDescribe}, uneven, even, nil, trace{}, [2]string{uneven, even}},
	{"", step{kind: doConsumer}, "ok epoch 3 interval 5000 has t 2", "ok epoch 3 interval 5000 has t 2, u 1", nil, trace{}, [2]string{even, uneven}},
	{"", step{kind: doConsumer}, "ok epoch 3 interval 5000 has t 2", "ok epoch 3 interval 5000 has t 1", nil, trace{}, [2]string{even, less}},
	{"", step{kind: doConsumer}, "ok epoch 3 interval 5000 has t 3", "ok epoch 3 interval 5000 has t 2", nil, trace{}, [2]string{same, other}},
	{"", step{kind: doConsumer}, "ok epoch 3 interval 5000 has t 2", "FENCED_MEMBER_EPOCH", nil, trace{}, [2]string{even, even}},

	{"epochs-go-on", step{kind: doJoin}, "ok generation 1 protocol range leads 1 skip false", "ok generation 4 protocol range leads 1 skip false", []told{joined, given}, trace{}, [2]string{}},
	{"", step{kind: doJoin}, "ok generation 4 protocol range leads 1 skip false", "ok generation 1 protocol range leads 1 skip false", []told{joined, given}, trace{}, [2]string{}},
	{"", step{kind: doJoin}, "ok generation 1 protocol range leads 1 skip false", "ok generation 4 protocol range leads 1 skip false", []told{joined}, trace{}, [2]string{}},

	{"epoch-rises", step{kind: doConsumer, slot: 2}, "ok epoch 3 interval 5000 has t 2", "ok epoch 4 interval 5000 has t 2", []told{given}, trace{}, [2]string{}},
	{"", step{kind: doConsumer, slot: 2}, "ok epoch 3 interval 5000 has t 2", "ok epoch 5 interval 5000 has t 2", []told{given}, trace{}, [2]string{}},
	{"", step{kind: doConsumer, slot: 2}, "ok epoch 3 interval 5000 has t 2", "ok epoch 4 interval 3000 has t 2", []told{given}, trace{}, [2]string{}},

	{"instance-of-an-id-given-out", step{kind: doJoin}, "UNKNOWN_SERVER_ERROR", "UNKNOWN_MEMBER_ID", []told{ok(doJoin, 0, "MEMBER_ID_REQUIRED")}, trace{static: true}, [2]string{}},
	{"", step{kind: doJoin}, "UNKNOWN_SERVER_ERROR", "UNKNOWN_MEMBER_ID", []told{ok(doJoin, 0, "MEMBER_ID_REQUIRED")}, trace{}, [2]string{}},

	{"static-commit-of-before", step{kind: doCommit}, "t-0 ok, u-1 ok", "t-0 STALE_MEMBER_EPOCH, u-1 STALE_MEMBER_EPOCH", []told{given}, trace{static: true}, [2]string{}},
	{"", step{kind: doCommit}, "t-0 ok", "t-0 STALE_MEMBER_EPOCH", []told{given}, trace{}, [2]string{}},

	{"joined-twice", step{kind: doList}, "ok: g-1-0 consumer PreparingRebalance classic", "ok: g-1-0 consumer CompletingRebalance classic", []told{joined}, trace{}, [2]string{}},
	{"", step{kind: doList}, "ok: g-1-0 consumer CompletingRebalance classic", "ok: g-1-0 consumer PreparingRebalance classic", []told{joined}, trace{}, [2]string{}},

	{"static-comes-back", step{kind: doJoin}, "ok generation 0 protocol sticky follows skip false", "(no answer)", []told{given}, trace{static: true}, [2]string{}},
	{"", step{kind: doJoin}, "ok generation 2 protocol sticky follows skip false", "(no answer)", []told{given}, trace{static: true}, [2]string{}},
	{"", step{kind: doJoin}, "ok generation 0 protocol sticky follows skip false", "(no answer)", []told{given}, trace{}, [2]string{}},

	{"epoch-of-who-waited", step{kind: doConsumer, slot: 3}, "ok epoch 3 interval 5000 has t 2", "ok epoch 4 interval 5000 has t 2", []told{joined, refused}, trace{}, [2]string{}},
	{"", step{kind: doConsumer, slot: 3}, "ok epoch 3 interval 5000 has t 2", "ok epoch 4 interval 5000 has t 2", []told{joined}, trace{}, [2]string{}},

	{"emptied-type", step{kind: doList}, "ok: g-1-0  Empty classic", "ok: g-1-0 consumer Empty classic", []told{given}, trace{}, [2]string{}},
	{"", step{kind: doList}, "ok: g-1-0  Empty classic", "ok: g-1-0 consumer Empty classic", []told{joined}, trace{}, [2]string{}},

	{"static-joins-again", step{kind: doConsumer, slot: 2}, "UNRELEASED_INSTANCE_ID", "ok epoch 2 interval 5000 has t 4", []told{given}, trace{static: true}, [2]string{}},
	{"", step{kind: doConsumer, slot: 0}, "UNRELEASED_INSTANCE_ID", "ok epoch 2 interval 5000 has t 4", []told{given}, trace{static: true}, [2]string{}},

	{"forgotten-group", step{kind: doList}, "ok: g-1-0 consumer Stable classic, g-1-1  Empty classic", "ok: g-1-0 consumer Stable classic", []told{asked}, trace{}, [2]string{}},
	{"forgotten-group", step{kind: doDescribe}, "ok Empty  : ", "GROUP_ID_NOT_FOUND Dead  : ", []told{asked}, trace{}, [2]string{}},
	{"", step{kind: doDescribe}, "ok Empty  : ", "GROUP_ID_NOT_FOUND Dead  : ", []told{joined}, trace{}, [2]string{}},
	{"", step{kind: doDescribe}, "ok Empty consumer : ", "GROUP_ID_NOT_FOUND Dead  : ", []told{asked}, trace{}, [2]string{}},

	{"other-leader", step{kind: doJoin}, "ok generation 2 protocol range leads 2 skip false", "ok generation 2 protocol range follows skip false", nil, trace{}, [2]string{}},
	{"other-leader", step{kind: doJoin}, "ok generation 2 protocol range follows skip false", "ok generation 2 protocol range leads 3 skip false", nil, trace{}, [2]string{}},
	{"", step{kind: doJoin}, "ok generation 2 protocol range leads 2 skip false", "ok generation 2 protocol range leads 3 skip false", nil, trace{}, [2]string{}},
	{"", step{kind: doJoin}, "ok generation 2 protocol range leads 1 skip false", "ok generation 2 protocol range follows skip false", nil, trace{}, [2]string{}},

	{"classic-gives-up", step{kind: doJoin}, "ok generation 9 protocol range follows skip false", "ok generation 8 protocol range follows skip false", []told{joined, given}, trace{}, [2]string{}},
	{"", step{kind: doJoin}, "ok generation 9 protocol range follows skip false", "ok generation 8 protocol range follows skip false", []told{joined}, trace{}, [2]string{}},

	{"assignment-of-before", step{kind: doDescribe}, "ok PreparingRebalance consumer : client client  , client client  ", "ok PreparingRebalance consumer : client client  , client client  00ff", []told{joined}, trace{}, [2]string{}},
	{"", step{kind: doDescribe}, "ok PreparingRebalance consumer : client client  00ff", "ok PreparingRebalance consumer : client client  ", []told{joined}, trace{}, [2]string{}},
	{"", step{kind: doDescribe}, "ok Stable consumer range: client client 00 ", "ok Stable consumer range: client client 00 00ff", []told{joined}, trace{}, [2]string{}},

	{"targets-of-nobody", step{kind: doConsumerDescribe}, "ok Empty epoch 7 targets 4 by uniform: ", "ok Empty epoch 7 targets 7 by uniform: ", nil, trace{}, [2]string{}},
	{"", step{kind: doConsumerDescribe}, "ok Empty epoch 7 targets 7 by uniform: ", "ok Empty epoch 7 targets 4 by uniform: ", nil, trace{}, [2]string{}},
	{"", step{kind: doConsumerDescribe}, "ok Empty epoch 7 targets 4 by uniform: ", "ok Empty epoch 8 targets 8 by uniform: ", nil, trace{}, [2]string{}},

	{"unmatched-expression", step{kind: doConsumer}, "ok epoch 3 interval 5000 has u 2", "ok epoch 2 interval 5000 has u 2", nil, trace{regex: "u.*"}, [2]string{}},
	{"", step{kind: doConsumer}, "ok epoch 2 interval 5000 has u 2", "ok epoch 3 interval 5000 has u 2", nil, trace{regex: "u.*"}, [2]string{}},
	{"", step{kind: doConsumer}, "ok epoch 2 interval 5000 has ", "ok epoch 3 interval 5000 has u 2", nil, trace{regex: "u.*"}, [2]string{}},
	{"", step{kind: doConsumer}, "ok epoch 3 interval 5000 has u 2", "ok epoch 2 interval 5000 has u 2", nil, trace{}, [2]string{}},
}

// A rule takes what it says, and nothing that is near it.
func TestRules(t *testing.T) {
	took := make(map[string]bool)
	for i := range plants {
		p := &plants[i]
		d := &difference{trace: &p.trace, at: 7, step: &p.step, right: p.right, ours: p.ours, before: p.before}
		if p.stand[0] != "" {
			d.stand = func() (string, string) { return p.stand[0], p.stand[1] }
		}
		name := ""
		if r := d.rule(); r != nil {
			name = r.name
		}
		if name != p.rule {
			t.Errorf("%s, %q for %q: rule %q, want %q", &p.step, p.ours, p.right, name, p.rule)
		}
		took[name] = true
	}
	for _, r := range rules {
		if !took[r.name] {
			t.Errorf("nothing is planted for rule %s", r.name)
		}
	}
}

// A server that answers one kind of request wrongly is red, and is not where it
// answers rightly.
func TestPlantedDifferenceIsRed(t *testing.T) {
	for _, lies := range []bool{false, true} {
		c := &count{says: t.Logf, rules: make(map[string]int)}
		right, ours := fake(t), liar(t, lies)
		right.name, ours.name = "Kafka", "ours"
		list := []*server{right, ours}
		for _, s := range list {
			s.prepare(t)
		}
		versions := common(t, list)
		for seed := uint64(1); seed < 4; seed++ {
			tr := newTrace(seed, 40)
			tr.dull()
			play(t, list, versions, tr, c)
		}
		if red := len(c.red) > 0; red != lies {
			t.Errorf("it lies: %v; red: %v", lies, c.red)
		}
		if lies && !strings.Contains(strings.Join(c.red, ""), "STALE_MEMBER_EPOCH") {
			t.Errorf("another difference than what was planted: %v", c.red)
		}
	}
}

// liar is a kfake that takes no commit.
func liar(t *testing.T, lies bool) *server {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cluster.ControlKey(8, func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if !lies {
			return nil, nil, false
		}
		q := req.(*kmsg.OffsetCommitRequest)
		a := q.ResponseKind().(*kmsg.OffsetCommitResponse)
		for i := range q.Topics {
			topic := kmsg.NewOffsetCommitResponseTopic()
			topic.Topic = q.Topics[i].Topic
			for j := range q.Topics[i].Partitions {
				one := kmsg.NewOffsetCommitResponseTopicPartition()
				one.Partition, one.ErrorCode = q.Topics[i].Partitions[j].Partition, 113
				topic.Partitions = append(topic.Partitions, one)
			}
			a.Topics = append(a.Topics, topic)
		}
		return a, nil, true
	})
	return &server{name: "ours", address: cluster.ListenAddrs()[0]}
}
