package controller

import (
	"testing"

	"trialog/core/kafka"
)

// Leaders go back to the replicas that are preferred once enough of them lead
// elsewhere, and not before they are in sync.
func TestLeadersAreBalanced(t *testing.T) {
	for _, c := range []struct {
		what     string
		settings kafka.ConfigMap
		want     kafka.BrokerID
	}{
		{"as Kafka does", nil, 1},
		{"switched off", kafka.NewConfigMap(kafka.ConfigEntry{Name: "auto.leader.rebalance.enable", Value: "false"}), 2},
		{"with so much elsewhere allowed", kafka.NewConfigMap(kafka.ConfigEntry{Name: "leader.imbalance.per.broker.percentage", Value: "100"}), 2},
	} {
		b := newBench(t, func(cfg *Config) { cfg.Static = c.settings.With("leader.imbalance.check.interval.seconds", "5") })
		b.up(1, 2, 3)
		b.create("t", ids(1, 2, 3))
		b.silence(2, 3)
		b.beat(1)
		b.wantSets("its leader was silent", "t", "[1 2 3] isr[2 3] leader 2")
		b.silence(1, 2, 3)
		b.wantSets("not in sync yet", "t", "[1 2 3] isr[2 3] leader 2")
		if code := b.isr("t", 2, 3, 1); code != kafka.None {
			t.Fatal(code)
		}
		b.silence(1, 2, 3)
		if p := b.partition("t"); p.Leader != c.want {
			t.Errorf("%s: broker %d leads, want %d", c.what, p.Leader, c.want)
		}
	}
}
