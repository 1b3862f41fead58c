package broker

import (
	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/quorum"
)

// quorumEvent passes an event of the metadata quorum to the image and to the
// controller, and acts on what changed.
func (b *Broker) quorumEvent(ev quorum.Event) {
	switch ev := ev.(type) {
	case *quorum.Leads:
		b.stepController(&controller.Leads{})
	case *quorum.LeadsNot:
		b.stepController(&controller.LeadsNot{})
	case *quorum.Unknown:
		b.stepController(&controller.Unknown{Ref: ev.Ref})
	case *quorum.Committed:
		b.committed(ev)
	case *quorum.SnapshotLoaded:
		b.loaded(ev)
	case *quorum.Members:
		b.stepController(&controller.Members{Members: ev})
	}
}

// committed folds one entry into the image.
func (b *Broker) committed(ev *quorum.Committed) {
	if !b.out.Watch.Believe(ev.Index > b.state.Index(), must.CommittedInOrder) {
		return
	}
	delta, accepted := b.state.Apply(ev.Index, &ev.Entry)
	if delta != nil {
		b.changed(delta)
	}
	// The image is acted on before the controller answers: whoever is told that
	// a topic exists finds it.
	b.stepController(&controller.Applied{Entry: &ev.Entry, Accepted: accepted, Image: b.state.Image()})
}

// loaded replaces the image by a snapshot.
func (b *Broker) loaded(ev *quorum.SnapshotLoaded) {
	delta, err := b.state.Load(ev.State)
	if err != nil {
		b.halt("metadata snapshot: "+err.Error(), false)
		return
	}
	if delta != nil {
		b.changed(delta)
	}
	b.stepController(&controller.Loaded{Image: b.state.Image()})
}

// changed acts on a new image.
func (b *Broker) changed(d *metadata.Delta) {
	b.countChanges(d)
	if b.settingsChanged(d) {
		b.resolveBrokerConfig()
	}
	b.followSession(d.Claimed || d.Replaced)
	if b.phase == PhaseHalted {
		return
	}
	b.applyRoles(d)
	b.hurryShutdowns(d)
}

// settingsChanged tells whether broker-level settings may have.
func (b *Broker) settingsChanged(d *metadata.Delta) bool {
	if d.Replaced {
		return true
	}
	for _, r := range d.Configs {
		if r.Type == kafka.ResourceBroker || r.Type == kafka.ResourceGroup {
			return true
		}
	}
	return false
}

// resolveBrokerConfig resolves the broker-level settings.
func (b *Broker) resolveBrokerConfig() {
	layers := b.layers("")
	b.cluster = kafka.LoadBrokerConfig(&layers)
	b.configureGroups()
}

// layers gathers what bears on a topic's settings on this broker.
func (b *Broker) layers(topic string) kafka.ConfigLayers {
	return b.state.Image().Layers(topic, b.config.NodeID, b.static)
}

// stepController gives the controller an input and carries on what it decided.
func (b *Broker) stepController(in controller.Input) {
	if b.controller == nil {
		return
	}
	from := len(b.decided.Results)
	b.decided.Proposals = b.out.Proposals
	b.controller.Step(b.now, in, &b.decided)
	b.counters.Proposals += uint64(len(b.decided.Proposals) - len(b.out.Proposals))
	b.out.Proposals = b.decided.Proposals
	b.decided.Proposals = nil
	b.out.Reconfigures = append(b.out.Reconfigures, b.decided.Reconfigures...)
	b.decided.Reconfigures = b.decided.Reconfigures[:0]
	if from > 0 {
		return // an outer call hands the results out
	}
	for i := 0; i < len(b.decided.Results); i++ {
		b.commandDone(b.decided.Results[i])
	}
	clear(b.decided.Results)
	b.decided.Results = b.decided.Results[:0]
}

// controllerDue ticks the controller when it wants to be.
func (b *Broker) controllerDue() {
	if b.controller == nil {
		return
	}
	if at, ok := b.controller.Deadline(); ok && at <= b.now.Mono {
		b.stepController(&controller.Tick{})
	}
}
