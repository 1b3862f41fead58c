package controller

import (
	"trialog/core/kafka"
)

// Step tells the controller one thing.
func (m *Machine) Step(now kafka.Now, in Input, out *Effects) {
	m.now, m.out = now, out
	m.noticeGap()
	switch in := in.(type) {
	case *Tick:
		m.tick()
	case *Leads:
		m.onLeads()
	case *LeadsNot:
		m.onLeadsNot()
	case *Unknown:
		m.onUnknown(in.Ref)
	case *Applied:
		m.onApplied(in)
	case *Loaded:
		m.onLoaded(in)
	case *Members:
		m.onMembers(in.Members)
	case *Command:
		m.onCommand(in)
	}
	m.flush()
	m.out = nil
}

// Deadline says when the controller next wants a Tick.
func (m *Machine) Deadline() (kafka.Instant, bool) {
	at := min(m.retryAt, m.reclaimAt, m.earliest, m.tickAt)
	return at, at != never
}

// tick does what is due.
func (m *Machine) tick() {
	mono := m.now.Mono
	if mono >= m.earliest {
		m.expire()
	}
	if mono >= m.retryAt {
		m.retryAt = never
		m.proposeAgain()
	}
	if mono >= m.reclaimAt {
		m.reclaimAt = never
		m.onLeads()
	}
	if mono >= m.tickAt {
		m.tickAt = mono.Add(m.cfg.Limits.TickEvery)
		m.fenceSilent()
		m.reconfigure()
		m.balance()
	}
}

// onCommand decides a command, or refuses to.
func (m *Machine) onCommand(c *Command) {
	if m.phase != active {
		m.answer(Result{Ref: c.Ref, Error: kafka.ErrNotController, Message: "This broker is not the active controller."})
		return
	}
	if h, ok := c.Body.(*Heartbeat); ok {
		m.heartbeat(c, h)
		return
	}
	if len(m.open.waiting)+len(m.flight.waiting) >= m.cfg.Limits.MaxPending || len(m.open.records) >= m.cfg.Limits.MaxBatchRecords {
		m.answer(Result{Ref: c.Ref, Error: kafka.ErrThrottlingQuotaExceeded, Message: "Too many changes wait for the metadata quorum."})
		return
	}
	d := m.draft()
	body, err := m.decide(d, c.Body)
	switch {
	case err != nil:
		d.drop()
	case len(d.records) > m.cfg.Limits.MaxBatchRecords:
		d.drop()
		body, err = nil, refuse(kafka.ErrPolicyViolation, "The request needs more metadata records than one batch may hold.")
	}
	m.wait(c, d, body, err)
}

// decide turns a command into records in d and the answer that follows their
// commit. What it answers it has read from d's image.
func (m *Machine) decide(d *draft, body Body) (ResultBody, *refusal) {
	switch b := body.(type) {
	case *RegisterBroker:
		return m.registerBroker(d, b)
	case *CreateTopics:
		return m.createTopics(d, b)
	case *DeleteTopics:
		return m.deleteTopics(d, b)
	case *CreatePartitions:
		return m.createPartitions(d, b)
	case *AlterConfigs:
		return m.alterConfigs(d, b)
	case *ReplaceConfigs:
		return m.replaceConfigs(d, b)
	case *AllocateProducerIDs:
		return m.allocateProducerIDs(d, b)
	case *AlterPartition:
		return m.alterPartition(d, b)
	case *AssignDirectories:
		return m.assignDirectories(d, b)
	case *ElectLeaders:
		return m.electLeaders(d, b)
	case *AlterReassignments:
		return m.alterReassignments(d, b)
	case *ListReassignments:
		return m.listReassignments(d, b)
	case *UnregisterBroker:
		return m.unregisterBroker(d, b)
	case *UpdateFeatures:
		return m.updateFeatures(d, b)
	case *JoinQuorum:
		return m.joinQuorum(d, b)
	case *AddVoter:
		return m.addVoter(d, b)
	case *RemoveVoter:
		return m.removeVoter(d, b)
	case *DescribeQuorum:
		return m.describeQuorum(d)
	case *Heartbeat:
	}
	return nil, refuse(kafka.ErrInvalidRequest, "The controller does not know this command.")
}

// refusal is why a command, or a part of one, is not carried out.
type refusal struct {
	code    kafka.ErrorCode
	message string
}

func refuse(code kafka.ErrorCode, message string) *refusal { return &refusal{code, message} }

func (m *Machine) answer(r Result) { m.out.Results = append(m.out.Results, r) }
