package metadata

import "slices"

func (e *edit) brokerRegistration(r *BrokerRegistration) error {
	if r.Broker < 0 || r.Epoch <= e.to.lastEpoch {
		return refuse("broker %d registers with epoch %d after %d", r.Broker, r.Epoch, e.to.lastEpoch) // MD5
	}
	b := &Broker{
		ID: r.Broker, Epoch: r.Epoch, Incarnation: r.Incarnation, Directory: r.Directory,
		KeptSince: r.KeptSince, Rack: r.Rack, Listeners: r.Listeners, Fenced: true,
		RegisteredAt: e.to.index, ChangedAt: e.to.index,
	}
	brokers := slices.Clone(e.to.brokers)
	if i, found := e.to.brokerAt(r.Broker); found {
		brokers[i] = b
	} else {
		brokers = slices.Insert(brokers, i, b)
	}
	e.to.brokers, e.to.lastEpoch = brokers, r.Epoch
	e.delta.Brokers = append(e.delta.Brokers, r.Broker)
	return nil
}

func (e *edit) brokerChange(r *BrokerChange) error {
	i, found := e.to.brokerAt(r.Broker)
	if !found || e.to.brokers[i].Epoch != r.Epoch {
		return refuse("broker %d has no epoch %d", r.Broker, r.Epoch)
	}
	b := *e.to.brokers[i]
	b.Fenced, b.ShuttingDown, b.ChangedAt = r.Fenced, r.ShuttingDown, e.to.index
	e.to.brokers = slices.Clone(e.to.brokers)
	e.to.brokers[i] = &b
	e.delta.Brokers = append(e.delta.Brokers, r.Broker)
	return nil
}

func (e *edit) brokerRemoved(r *BrokerRemoved) error {
	i, found := e.to.brokerAt(r.Broker)
	if !found || e.to.brokers[i].Epoch != r.Epoch {
		return refuse("broker %d has no epoch %d", r.Broker, r.Epoch)
	}
	e.to.brokers = slices.Delete(slices.Clone(e.to.brokers), i, i+1)
	e.delta.Brokers = append(e.delta.Brokers, r.Broker)
	return nil
}
