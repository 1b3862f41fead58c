package broker_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/broker"
	"trialog/core/kafka"
)

// joinOld asks to join a group as clients do that know nothing of KIP-394.
func joinOld() *kmsg.JoinGroupRequest {
	q := kmsg.NewPtrJoinGroupRequest()
	q.Group, q.SessionTimeoutMillis, q.RebalanceTimeoutMillis, q.ProtocolType = "g", 10_000, 10_000, "consumer"
	p := kmsg.NewJoinGroupRequestProtocol()
	p.Name, p.Metadata = "range", []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	q.Protocols = append(q.Protocols, p)
	return q
}

// A member of which the connection ends before it is told its ID does not count
// any more when the group begins.
func TestJoinEndsWithItsConnection(t *testing.T) {
	w := newWorld(t)
	w.config.Settings["group.initial.rebalance.delay.ms"] = "1000"
	w.config.Settings["offsets.topic.replication.factor"] = "1"
	w.start()
	for range 10 {
		q := kmsg.NewPtrFindCoordinatorRequest()
		q.CoordinatorKey = "g"
		if a := w.ask(2, q).(*kmsg.FindCoordinatorResponse); a.ErrorCode == int16(kafka.None) {
			break
		}
		w.pass(kafka.Second)
	}
	first := w.send(1, 2, joinOld())
	w.unanswered(first)
	w.give(&broker.ConnectionClosed{Conn: 1})
	w.settle()
	second := w.send(2, 2, joinOld())
	w.pass(kafka.Second)
	w.pass(kafka.Second) // who came last is waited for, too
	w.unanswered(first)
	a := w.answer(second).(*kmsg.JoinGroupResponse)
	if a.ErrorCode != int16(kafka.None) || len(a.Members) != 1 || a.LeaderID != a.MemberID {
		t.Errorf("the only one left is told %v, leader %q of %d members", kafka.ErrorCode(a.ErrorCode), a.LeaderID, len(a.Members))
	}
}
