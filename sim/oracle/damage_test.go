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
