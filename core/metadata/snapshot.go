package metadata

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"trialog/core/kafka"
	"trialog/core/quorum"
)

// snapshotVersion is the first byte of a snapshot. Version 1 ended with the
// settings, in version 2 brokers did with ChangedAt.
const snapshotVersion = 3

// AppendSnapshot encodes an image: a version byte, the index, the applier, the
// cluster's facts, the brokers by ID, the topics by name with their partitions,
// the settings by resource, the metadata quorum's replicas by ID, and the CRC-32C
// of all that. Equal images encode equally.
func AppendSnapshot(dst []byte, im *Image) []byte {
	start := len(dst)
	b := append(dst, snapshotVersion)
	b = binary.AppendUvarint(b, im.index)
	b = appendInt(b, im.applier.Epoch)
	b = binary.AppendUvarint(b, im.applier.LastSeq)
	b = appendInt(b, im.applier.Holder)
	b = binary.AppendUvarint(b, im.applier.Nonce)
	b = append(b, im.clusterID[:]...)
	b = binary.AppendUvarint(b, uint64(len(im.features)))
	for i := range im.features {
		b = appendFeature(b, &im.features[i])
	}
	b = appendInt(b, im.featureEpoch)
	b = appendInt(b, im.lastEpoch)
	b = appendInt(b, im.nextProducerID)
	b = binary.AppendUvarint(b, uint64(len(im.brokers)))
	for _, k := range im.brokers {
		b = appendBroker(b, k)
	}
	b = binary.AppendUvarint(b, uint64(im.TopicCount()))
	im.EachTopic(func(t *TopicImage) bool {
		b = appendString(append(b, t.ID[:]...), t.Name)
		b = binary.AppendUvarint(b, uint64(t.Partitions.Len()))
		for _, p := range t.Partitions.All {
			b = appendPartitionState(b, &p.PartitionState)
		}
		return true
	})
	b = binary.AppendUvarint(b, uint64(im.configs.len()))
	im.EachConfig(func(r kafka.ConfigResource, m kafka.ConfigMap) bool {
		b = binary.AppendUvarint(appendResource(b, r), uint64(len(m)))
		for _, e := range m {
			b = appendString(appendString(b, e.Name), e.Value)
		}
		return true
	})
	b = binary.AppendUvarint(b, uint64(im.lastReplica))
	b = binary.AppendUvarint(b, uint64(len(im.replicas)))
	for i := range im.replicas {
		b = appendReplica(b, &im.replicas[i])
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendBroker(b []byte, k *Broker) []byte {
	b = appendInt(appendInt(b, k.ID), k.Epoch)
	b = append(append(b, k.Incarnation[:]...), k.Directory[:]...)
	b = appendListeners(appendString(b, k.Rack), k.Listeners)
	b = appendBool(appendBool(b, k.Fenced), k.ShuttingDown)
	b = binary.AppendUvarint(binary.AppendUvarint(b, k.RegisteredAt), k.ChangedAt)
	return append(b, k.KeptSince[:]...)
}

// LoadSnapshot decodes an image.
func LoadSnapshot(b []byte) (*Image, error) {
	if len(b) < 5 || b[0] == 0 || b[0] > snapshotVersion {
		return nil, ErrUnreadable
	}
	end := len(b) - 4
	if crc32.Checksum(b[:end], castagnoli) != binary.BigEndian.Uint32(b[end:]) {
		return nil, ErrUnreadable
	}
	r := reader{b: b[1:end]}
	var holders edit
	im := &Image{index: r.uvarint()}
	holders.to = im
	im.applier.Epoch = readInt[kafka.ControllerEpoch](&r)
	im.applier.LastSeq = r.uvarint()
	im.applier.Holder = readInt[kafka.BrokerID](&r)
	im.applier.Nonce = r.uvarint()
	im.clusterID = r.uuid()
	for range r.count(2) {
		im.features = append(im.features, r.feature())
	}
	im.featureEpoch = readInt[int64](&r)
	im.lastEpoch = readInt[kafka.BrokerEpoch](&r)
	im.nextProducerID = readInt[kafka.ProducerID](&r)
	for range r.count(38) {
		k := r.broker()
		if b[0] > 2 {
			k.KeptSince = kafka.IncarnationID(r.uuid())
		}
		im.brokers = append(im.brokers, k)
	}
	for range r.count(18) {
		r.topic(im, &holders)
	}
	for range r.count(3) {
		r.configs(im)
	}
	if b[0] > 1 {
		im.lastReplica = quorum.ReplicaID(r.uvarint())
		for range r.count(19) {
			im.replicas = append(im.replicas, r.replica())
		}
	}
	if r.bad || len(r.b) != 0 {
		return nil, ErrUnreadable
	}
	return im, nil
}

func (r *reader) broker() *Broker {
	return &Broker{
		ID: readInt[kafka.BrokerID](r), Epoch: readInt[kafka.BrokerEpoch](r),
		Incarnation: kafka.IncarnationID(r.uuid()), Directory: kafka.DirectoryID(r.uuid()),
		Rack: r.string(), Listeners: r.listeners(),
		Fenced: r.bool(), ShuttingDown: r.bool(),
		RegisteredAt: r.uvarint(), ChangedAt: r.uvarint(),
	}
}

func (r *reader) topic(im *Image, holders *edit) {
	t := &TopicImage{ID: kafka.TopicID(r.uuid()), Name: r.string()}
	n := r.count(12)
	list := editList(&t.Partitions)
	for i := range n {
		p := &Partition{Topic: t.ID, TopicName: t.Name, Index: kafka.PartitionIndex(i), PartitionState: r.partitionState()}
		if p.flaw() != "" {
			r.fail()
		}
		list.add(p)
		holders.hold(p, nil)
	}
	im.partitions += n
	im.byID = im.byID.set(idKey(t.ID), t)
	im.byName = im.byName.set(nameKey(t.Name), t)
}

func (r *reader) configs(im *Image) {
	key := resourceKey(r.resource())
	var m kafka.ConfigMap
	for range r.count(2) {
		m = append(m, kafka.ConfigEntry{Name: r.string(), Value: r.string()})
	}
	im.configs = im.configs.set(key, m)
}

// SameFacts tells whether two images agree on everything but indexes and the
// controller.
func SameFacts(a, b *Image) bool { return bytes.Equal(facts(a), facts(b)) }

// facts encodes what SameFacts compares.
func facts(im *Image) []byte {
	c := *im
	c.index, c.applier = 0, quorum.Applier{}
	c.brokers = make([]*Broker, len(im.brokers))
	for i, b := range im.brokers {
		k := *b
		k.RegisteredAt, k.ChangedAt = 0, 0
		c.brokers[i] = &k
	}
	return AppendSnapshot(nil, &c)
}
