package interop

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestGroupsMigrate rolls the members of a group, who stay at work, from the
// classic protocol to the consumer protocol and back, for each client that speaks
// both: no record may be left out, and the group is of the protocol that its
// members ask for.
func TestGroupsMigrate(t *testing.T) {
	t.Setenv("TRIALOG_GROUP_CONSUMER_SESSION_TIMEOUT_MS", "6000")
	t.Setenv("TRIALOG_GROUP_CONSUMER_HEARTBEAT_INTERVAL_MS", "500")
	classic, consumer := groupMembers(), consumerMembers()
	for _, name := range []string{"java", "python-confluent", "confluent-kafka-go", "franz-go"} {
		t.Run(name, func(t *testing.T) {
			groupMigrates(t, memberNamed(t, classic, name), memberNamed(t, consumer, name))
		})
	}
}

// memberNamed finds a member by its client's name, whichever protocol it speaks.
func memberNamed(t *testing.T, all []groupMember, name string) groupMember {
	t.Helper()
	for _, m := range all {
		if strings.TrimSuffix(m.name, "-consumer") == name {
			return m
		}
	}
	t.Fatalf("no member %s", name)
	return groupMember{}
}

func groupMigrates(t *testing.T, classic, consumer groupMember) {
	t.Helper()
	s := startServer(t)
	s.createTopic("orders", 4)
	c, err := kgo.NewClient(kgo.SeedBrokers(s.addr), kgo.DefaultProduceTopic("orders"), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	r := &reading{t: t, seen: make(map[string]bool)}
	total := 0
	reads := func(kind string) {
		t.Helper()
		for range 100 {
			if err := c.ProduceSync(ctx, &kgo.Record{Value: fmt.Append(nil, total)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
			total++
		}
		r.until(total)
		groupBecomes(ctx, t, c, kind)
	}
	one, two := r.join(classic, s.addr), r.join(classic, s.addr)
	reads("classic")
	three := r.join(consumer, s.addr)
	reads("consumer")
	one()
	four := r.join(consumer, s.addr)
	reads("consumer")
	two()
	reads("consumer")
	r.join(classic, s.addr)
	reads("consumer")
	three()
	r.join(classic, s.addr)
	four()
	reads("classic")
	caughtUp(ctx, t, kadm.NewClient(c), total)
}

// groupBecomes waits until the group is listed as being of a type.
func groupBecomes(ctx context.Context, t *testing.T, c *kgo.Client, kind string) {
	t.Helper()
	said := ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		resp, err := kmsg.NewPtrListGroupsRequest().RequestWith(ctx, c)
		if said = fmt.Sprint(err); err != nil {
			continue
		}
		for i := range resp.Groups {
			if said = resp.Groups[i].GroupType; said == kind {
				return
			}
		}
	}
	t.Fatalf("the group is %s, not %s", said, kind)
}
