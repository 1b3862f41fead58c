package controller

import (
	"math"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// allocateProducerIDs hands a broker the next block (KIP-730).
func (m *Machine) allocateProducerIDs(d *draft, a *AllocateProducerIDs) (ResultBody, *refusal) {
	if err := checkBrokerEpoch(d.image, a.Broker, a.Epoch); err != nil {
		return nil, err
	}
	start, size := d.image.NextProducerID(), kafka.ProducerID(m.cfg.Limits.ProducerIDBlock)
	if start > math.MaxInt64-size {
		return nil, refuse(kafka.ErrUnknownServerError, "Exhausted all producer IDs.")
	}
	d.add(&metadata.ProducerIDBlock{Broker: a.Broker, Epoch: a.Epoch, Next: start + size})
	return &AllocateProducerIDsResult{Start: start, Count: m.cfg.Limits.ProducerIDBlock}, nil
}

// checkBrokerEpoch refuses requests of incarnations that are gone.
func checkBrokerEpoch(im *metadata.Image, id kafka.BrokerID, epoch kafka.BrokerEpoch) *refusal {
	b := im.Broker(id)
	switch {
	case b == nil:
		return refuse(kafka.ErrBrokerIDNotRegistered, "The broker is not registered.")
	case b.Epoch != epoch:
		return refuse(kafka.ErrStaleBrokerEpoch, "Another incarnation of the broker has registered.")
	}
	return nil
}
