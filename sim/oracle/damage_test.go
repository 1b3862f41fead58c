package oracle

import (
	"testing"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

func TestSpareLeavesSomebodyToLead(t *testing.T) {
	o := New(3, 2, nil, func(Change) {})
	p := o.part(kafka.TopicPartition{})
	p.state = &metadata.Partition{}
	p.state.Replicas, p.state.ISR = []kafka.BrokerID{1, 2, 3}, []kafka.BrokerID{1}
	if o.Spare(1) {
		t.Error("the only member of the ISR may lose its disk, and nobody is eligible")
	}
	if !o.Spare(2) {
		t.Error("who was never in sync cannot be spared")
	}
	p.state.ELR = []kafka.BrokerID{3}
	if !o.Spare(1) {
		t.Error("node 1 cannot be spared, though node 3 is eligible")
	}
	p.damaged = []int{3}
	if o.Spare(1) {
		t.Error("a second of three copies may be lost, with a min ISR of 2")
	}
}

func TestNobodyLeadsOnALostDisk(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    metadata.PartitionState
		epoch     kafka.PartitionEpoch
		broken    bool
		stillLost bool
	}{
		{"leads at once", metadata.PartitionState{Leader: 1, ISR: []kafka.BrokerID{1}}, 1, true, false},
		{"has joined another", metadata.PartitionState{Leader: 2, ISR: []kafka.BrokerID{2, 1}}, 1, false, false},
		{"another leads", metadata.PartitionState{Leader: 2, ISR: []kafka.BrokerID{2}}, 1, false, true},
		{"may have joined another", metadata.PartitionState{Leader: 1, ISR: []kafka.BrokerID{1}}, 2, false, false},
		{"has joined and left unseen", metadata.PartitionState{Leader: 2, ISR: []kafka.BrokerID{2}, ELR: []kafka.BrokerID{1}}, 2, false, false},
		{"was eligible before", metadata.PartitionState{Leader: 2, ISR: []kafka.BrokerID{2}, ELR: []kafka.BrokerID{1}}, 1, false, true},
	} {
		o := New(3, 2, nil, func(Change) {})
		o.Began(1, kafka.IncarnationID{1})
		o.image = image(t, &metadata.BrokerRegistration{Broker: 1, Epoch: 1, Incarnation: kafka.IncarnationID{1}, Directory: kafka.DirectoryID{1}})
		p := o.part(kafka.TopicPartition{})
		p.epoch, p.state = 0, &metadata.Partition{}
		o.Wiped(1)
		o.Began(1, kafka.IncarnationID{2})
		o.image = image(t, &metadata.BrokerRegistration{Broker: 1, Epoch: 1, Incarnation: kafka.IncarnationID{2}, Directory: kafka.DirectoryID{2}})
		state := &metadata.Partition{PartitionState: c.change}
		state.PartitionEpoch = c.epoch
		o.refill(p, "t", state)
		if broken := o.broken != ""; broken != c.broken {
			t.Errorf("%s: %q", c.name, o.broken)
		}
		if lost := len(p.blank) > 0; lost != c.stillLost {
			t.Errorf("%s: lost %t", c.name, lost)
		}
	}
}

// TestPowerCutIsKnownAtRegistration: the log of who has lost what was not synced may
// come back in synced mode, while the partition was only on its way there.
func TestPowerCutIsKnownAtRegistration(t *testing.T) {
	for _, c := range []struct {
		name   string
		mode   kafka.DurabilityMode
		synced bool
		anew   bool // has registered since
		late   bool // one that began before it has
		broken bool
	}{
		{"replicated", kafka.ModeReplicated, false, false, false, false},
		{"on its way to synced", kafka.ModeSyncing, true, false, false, false},
		{"synced", kafka.ModeSynced, true, false, false, true},
		{"has registered, and stays", kafka.ModeSyncing, true, true, false, true},
		{"one that began before has registered", kafka.ModeSyncing, true, false, true, false},
	} {
		o := New(3, 2, nil, func(Change) {})
		register := metadata.BrokerRegistration{Broker: 1, Epoch: 1, Incarnation: kafka.IncarnationID{1}, Directory: kafka.DirectoryID{1}}
		o.image = image(t, &register)
		for life := range byte(3) {
			o.Began(1, kafka.IncarnationID{life})
		}
		o.PowerCut(1)
		o.Began(1, kafka.IncarnationID{3})
		switch {
		case c.anew:
			register.Incarnation = kafka.IncarnationID{3}
			o.image = image(t, &register)
		case c.late:
			register.Incarnation = kafka.IncarnationID{2}
			o.image = image(t, &register)
		}
		p := o.part(kafka.TopicPartition{})
		p.state = &metadata.Partition{PartitionState: metadata.PartitionState{Mode: c.mode, ISR: []kafka.BrokerID{1}}}
		p.held[1], p.end = &replica{mode: c.synced, synced: 5, written: 5}, 7
		o.candidate(p, 1, "ISR")
		if broken := o.broken != ""; broken != c.broken {
			t.Errorf("%s: %q", c.name, o.broken)
		}
	}
}

func image(t *testing.T, records ...metadata.Record) *metadata.Image {
	t.Helper()
	d, err := metadata.Edit(&metadata.Image{}, 1, records)
	if err != nil {
		t.Fatal(err)
	}
	return d.To
}
