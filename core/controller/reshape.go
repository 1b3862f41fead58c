package controller

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
)

// topicView is a topic with the settings that elections need.
type topicView struct {
	image   *metadata.TopicImage
	minISR  int32
	unclean bool
	mode    kafka.DurabilityMode
}

func (m *Machine) topicView(im *metadata.Image, t *metadata.TopicImage) *topicView {
	layers := im.Layers(t.Name, m.cfg.Broker, m.cfg.Static)
	// What decides for the cluster must not come from one broker's own dynamic
	// settings.
	layers.Broker = nil
	number := func(name string) int64 {
		r := kafka.LookupSetting(name, kafka.ScopeTopic).ResolveTopic(&layers)
		return r.Parsed().Int
	}
	return &topicView{
		image:   t,
		minISR:  int32(number("min.insync.replicas")),
		unclean: number("unclean.leader.election.enable") == 1,
		mode:    kafka.ModeOf(number("flush.messages")),
	}
}

// reshape decides a partition's leader, ISR and ELR anew after something
// changed: a broker, a setting, or the ISR that its leader asks for (KIP-966).
type reshape struct {
	view  *topicView
	image *metadata.Image     // whose brokers are eligible, and on which directory
	was   *metadata.Partition // as it stands
	p     *metadata.Partition // was, or with the replicas that it shall have
	watch *must.Watch

	// lost is a replica that may lack committed records; lostDisk, one that has
	// none at all, so that it is not even the last known leader.
	lost     kafka.BrokerID
	lostDisk bool
	// isr is the ISR asked for; nil keeps the partition's.
	isr []kafka.BrokerID
	// unclean lets any replica lead when no other can.
	unclean bool
	// newEpoch begins a leader epoch whoever leads: what a replica has said in the
	// old one holds no longer.
	newEpoch bool
	// preferred makes the first replica lead when it may.
	preferred bool
	mode      kafka.DurabilityMode
	recovery  metadata.RecoveryState

	elr   []kafka.BrokerID
	noELR bool
}

func (m *Machine) newReshape(im *metadata.Image, v *topicView, p *metadata.Partition) reshape {
	return reshape{
		view: v, image: im, was: p, p: p, watch: m.out.Watch,
		lost: kafka.NoBroker, noELR: m.cfg.Limits.NoELR, unclean: v.unclean, mode: p.Mode, recovery: p.Recovery,
	}
}

// reshapeEach reshapes, in one go, every partition of which a broker is a
// replica; prepare may say what is special about one.
func (m *Machine) reshapeEach(d *draft, broker kafka.BrokerID, prepare func(*reshape)) {
	e := reshapeMany{m: m, d: d, prepare: prepare}
	d.image.EachOf(broker, func(t *metadata.TopicImage, p *metadata.Partition) bool {
		e.look(t, p)
		return true
	})
	d.add(e.changes...)
}

// reshapeTopic reshapes the partitions of one topic.
func (m *Machine) reshapeTopic(d *draft, name string, prepare func(*reshape)) {
	t := d.image.TopicByName(name)
	if t == nil {
		return
	}
	e := reshapeMany{m: m, d: d, prepare: prepare}
	for _, p := range t.Partitions.All {
		e.look(t, p)
	}
	d.add(e.changes...)
}

// reshapeAll reshapes the partitions that which selects, by topic name.
func (m *Machine) reshapeAll(d *draft, which func(*metadata.Partition) bool, prepare func(*reshape)) {
	e := reshapeMany{m: m, d: d, prepare: prepare}
	d.image.EachTopic(func(t *metadata.TopicImage) bool {
		for _, p := range t.Partitions.All {
			if which(p) {
				e.look(t, p)
			}
		}
		return true
	})
	d.add(e.changes...)
}

// reshapeMany reshapes partitions in one go, topic by topic.
type reshapeMany struct {
	m       *Machine
	d       *draft
	prepare func(*reshape)
	view    *topicView
	changes []metadata.Record
}

func (e *reshapeMany) look(t *metadata.TopicImage, p *metadata.Partition) {
	e.m.looked++
	if e.view == nil || e.view.image != t {
		e.view = e.m.topicView(e.d.image, t)
	}
	s := e.m.newReshape(e.d.image, e.view, p)
	if e.prepare != nil {
		e.prepare(&s)
	}
	if c := s.run(); c != nil {
		e.changes = append(e.changes, c)
	}
}

// run decides, and returns the change, nil when there is none.
func (s *reshape) run() *metadata.PartitionChange {
	old := &s.p.PartitionState
	asked := s.isr
	if asked == nil {
		asked = old.ISR
	}
	isr := filter(asked, func(b kafka.BrokerID) bool { return b != s.lost && s.eligible(b) })
	minISR := min(int(s.view.minISR), len(old.Replicas))
	s.elr = nil
	if len(isr) < minISR {
		left := func(b kafka.BrokerID) bool {
			return b != s.lost && !slices.Contains(isr, b) && !slices.Contains(s.elr, b)
		}
		s.elr = append(s.elr, filter(old.ELR, left)...)
		s.elr = append(s.elr, filter(old.ISR, left)...)
	}
	if s.noELR {
		if s.elr = nil; len(isr) == 0 && len(old.ISR) > 0 {
			return s.difference(kafka.NoBroker, old.ISR[:1])
		}
	}
	leader, isr := s.elect(isr)
	if len(isr) >= minISR {
		s.elr = nil
	}
	leader, isr = s.complete(leader, isr)
	return s.difference(leader, isr)
}

func (s *reshape) eligible(b kafka.BrokerID) bool {
	return s.image.Broker(b).Eligible() && !s.p.Lost(b)
}

// elect returns the leader and its ISR: the current leader if it may stay, else
// the first replica in the ISR, else of the ELR, else the last known leader,
// else, if that is allowed, any.
func (s *reshape) elect(isr []kafka.BrokerID) (kafka.BrokerID, []kafka.BrokerID) {
	old := &s.p.PartitionState
	if s.preferred && slices.Contains(isr, old.Replicas[0]) {
		return old.Replicas[0], isr
	}
	if slices.Contains(isr, old.Leader) {
		return old.Leader, isr
	}
	for _, b := range old.Replicas {
		if slices.Contains(isr, b) {
			return b, isr
		}
	}
	for _, b := range old.Replicas {
		if slices.Contains(s.elr, b) && s.eligible(b) {
			s.watch.Reached(must.LeaderFromELR)
			s.elr = filter(s.elr, func(o kafka.BrokerID) bool { return o != b })
			return b, []kafka.BrokerID{b}
		}
	}
	if len(isr) == 0 && len(s.elr) == 0 {
		if last := s.lastKnown(); len(last) > 0 && s.eligible(last[0]) {
			s.watch.Reached(must.LastKnownLeaderElected)
			s.recovery = metadata.Recovering
			return last[0], []kafka.BrokerID{last[0]}
		}
	}
	if s.unclean {
		// Who is being added may have nothing yet.
		for _, b := range append(s.p.Origin(), old.Adding...) {
			if s.eligible(b) {
				s.watch.Reached(must.UncleanLeaderElected)
				s.recovery = metadata.Recovering
				s.elr = nil
				return b, []kafka.BrokerID{b}
			}
		}
	}
	return kafka.NoBroker, isr
}

// lastKnown names the last leader, unless its disk is another now. Its log may lack
// its tail, or it would be in the ELR: it leads only where so many replicas have
// lost theirs that nobody is left who has not.
func (s *reshape) lastKnown() []kafka.BrokerID {
	last := s.p.LastKnownELR
	if s.p.Leader != kafka.NoBroker {
		last = []kafka.BrokerID{s.p.Leader}
	}
	return filter(last, func(b kafka.BrokerID) bool { return !s.lostDisk || b != s.lost })
}

// difference writes down what changed.
func (s *reshape) difference(leader kafka.BrokerID, isr []kafka.BrokerID) *metadata.PartitionChange {
	old, is := &s.was.PartitionState, &s.p.PartitionState
	c := &metadata.PartitionChange{Topic: s.p.Topic, Partition: s.p.Index}
	set := func(differs bool, f metadata.PartitionFields) {
		if differs {
			c.Fields |= f
		}
	}
	var last []kafka.BrokerID
	if leader == kafka.NoBroker {
		last = s.lastKnown()
	}
	c.State = metadata.PartitionState{
		ISR: isr, ELR: s.elr, LastKnownELR: last, Leader: leader,
		Recovery: s.recovery, Mode: s.mode, Directories: is.Directories,
	}
	if s.p != s.was {
		// A replica that is none any more must be fenced by a new leader epoch.
		dropped := slices.ContainsFunc(old.Replicas, func(b kafka.BrokerID) bool { return !slices.Contains(is.Replicas, b) })
		set(dropped, metadata.FieldLeader)
		set(!slices.Equal(is.Replicas, old.Replicas), metadata.FieldReplicas|metadata.FieldDirectories)
		set(!slices.Equal(is.Adding, old.Adding), metadata.FieldAdding)
		set(!slices.Equal(is.Removing, old.Removing), metadata.FieldRemoving)
		c.State.Replicas, c.State.Adding, c.State.Removing = is.Replicas, is.Adding, is.Removing
	}
	newLeader := s.newEpoch || leader != old.Leader || actsAnew(s.mode, old.Mode) || old.Leader == s.lost && s.lost != kafka.NoBroker
	set(newLeader, metadata.FieldLeader)
	set(!slices.Equal(isr, old.ISR), metadata.FieldISR)
	set(!slices.Equal(s.elr, old.ELR), metadata.FieldELR)
	set(!slices.Equal(last, old.LastKnownELR), metadata.FieldLastKnownELR)
	set(s.recovery != old.Recovery, metadata.FieldRecovery)
	set(s.mode != old.Mode, metadata.FieldMode)
	set(!slices.Equal(is.Directories, old.Directories), metadata.FieldDirectories)
	if c.Fields == 0 {
		return nil
	}
	return c
}

func filter(ids []kafka.BrokerID, keep func(kafka.BrokerID) bool) []kafka.BrokerID {
	var kept []kafka.BrokerID
	for _, id := range ids {
		if keep(id) {
			kept = append(kept, id)
		}
	}
	return kept
}
