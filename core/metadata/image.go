package metadata

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/quorum"
)

// Image is the cluster's metadata at one index. It is immutable and shared:
// whoever holds one may read it for ever and must change nothing it returns.
type Image struct {
	index   uint64
	applier quorum.Applier

	clusterID      kafka.UUID
	features       []FeatureLevel // by name
	featureEpoch   int64
	brokers        []*Broker // by ID
	lastEpoch      kafka.BrokerEpoch
	nextProducerID kafka.ProducerID
	replicas       []QuorumReplica // by ID
	lastReplica    quorum.ReplicaID
	byName         tree[nameKey, *TopicImage]
	byID           tree[idKey, *TopicImage]
	configs        tree[resourceKey, kafka.ConfigMap]
	held           tree[heldKey, *held]
	partitions     int
}

// Broker is one registered broker. It is immutable.
type Broker struct {
	ID          kafka.BrokerID
	Epoch       kafka.BrokerEpoch
	Incarnation kafka.IncarnationID
	Directory   kafka.DirectoryID
	KeptSince   kafka.IncarnationID // see BrokerRegistration
	Rack        string
	Listeners   []Listener
	Fenced      bool
	// ShuttingDown: it asked to stop and is given no role.
	ShuttingDown bool
	// RegisteredAt is the index of its registration: it takes no role before it
	// has applied that far.
	RegisteredAt uint64
	// ChangedAt is the index of its last BrokerChange, or of its registration.
	ChangedAt uint64
}

// Eligible tells whether the broker may lead and be in ISRs.
func (b *Broker) Eligible() bool { return b != nil && !b.Fenced && !b.ShuttingDown }

// Listener returns the broker's address on a listener.
func (b *Broker) Listener(name string) (Listener, bool) {
	for _, l := range b.Listeners {
		if l.Name == name {
			return l, true
		}
	}
	return Listener{}, false
}

// TopicImage is one topic. It is immutable. Partitions are numbered by position.
type TopicImage struct {
	ID         kafka.TopicID
	Name       string
	Partitions PartitionList
}

// Partition is one partition. It is immutable.
type Partition struct {
	Topic     kafka.TopicID
	TopicName string
	Index     kafka.PartitionIndex
	PartitionState
}

// Lost tells whether the bytes of a broker's replica are damaged or missing, as far
// as it has told: such a one has nothing that counts.
func (p *Partition) Lost(b kafka.BrokerID) bool {
	at := slices.Index(p.Replicas, b)
	return at >= 0 && p.Directories[at] == kafka.LostDirectory
}

// Reassigning tells whether a reassignment of the partition is under way.
func (p *Partition) Reassigning() bool { return len(p.Adding)+len(p.Removing) > 0 }

// Target returns the replicas that a reassignment leads to, in preferred order;
// without one, the replicas.
func (p *Partition) Target() []kafka.BrokerID { return without(p.Replicas, p.Removing) }

// Origin returns the replicas that a reassignment began with; without one, the
// replicas. What stayed comes first.
func (p *Partition) Origin() []kafka.BrokerID { return without(p.Replicas, p.Adding) }

func without(ids, gone []kafka.BrokerID) []kafka.BrokerID {
	var kept []kafka.BrokerID
	for _, id := range ids {
		if !slices.Contains(gone, id) {
			kept = append(kept, id)
		}
	}
	return kept
}

// Index returns the index of the last entry in the image, accepted or not.
func (im *Image) Index() uint64 { return im.index }

// Applier returns the controller epoch, its holder and its last sequence.
func (im *Image) Applier() quorum.Applier { return im.applier }

// Controller returns the broker that holds the controller epoch; NoBroker
// before the first claim.
func (im *Image) Controller() kafka.BrokerID {
	if im.applier.Epoch == 0 {
		return kafka.NoBroker
	}
	return im.applier.Holder
}

// ClusterID returns the cluster's ID, all zero before the first controller's
// first batch.
func (im *Image) ClusterID() kafka.UUID { return im.clusterID }

// Features returns the finalised features by name.
func (im *Image) Features() []FeatureLevel { return im.features }

// FeatureEpoch rises with every change of a feature; it starts at 0.
func (im *Image) FeatureEpoch() int64 { return im.featureEpoch }

// FeatureLevel returns a feature's finalised level, 0 when it has none.
func (im *Image) FeatureLevel(name string) int16 {
	for _, f := range im.features {
		if f.Name == name {
			return f.Level
		}
	}
	return 0
}

// NextProducerID returns the first producer ID that no block covers.
func (im *Image) NextProducerID() kafka.ProducerID { return im.nextProducerID }

// Replicas returns who shall be in the metadata quorum, by replica ID; none
// before a controller has taken over what the engine began with.
func (im *Image) Replicas() []QuorumReplica { return im.replicas }

// LastReplica returns the largest replica ID ever given.
func (im *Image) LastReplica() quorum.ReplicaID { return im.lastReplica }

// ReplicaOf returns a node's replica, nil when it has none.
func (im *Image) ReplicaOf(node kafka.BrokerID) *QuorumReplica {
	for i := range im.replicas {
		if im.replicas[i].Node == node {
			return &im.replicas[i]
		}
	}
	return nil
}

// LastBrokerEpoch returns the largest broker epoch ever handed out.
func (im *Image) LastBrokerEpoch() kafka.BrokerEpoch { return im.lastEpoch }

// Brokers returns the registered brokers by rising ID.
func (im *Image) Brokers() []*Broker { return im.brokers }

// Broker returns a registered broker, nil when there is none.
func (im *Image) Broker(id kafka.BrokerID) *Broker {
	if i, ok := im.brokerAt(id); ok {
		return im.brokers[i]
	}
	return nil
}

func (im *Image) brokerAt(id kafka.BrokerID) (int, bool) {
	return slices.BinarySearchFunc(im.brokers, id, func(b *Broker, id kafka.BrokerID) int { return int(b.ID) - int(id) })
}

// TopicCount returns the number of topics.
func (im *Image) TopicCount() int { return im.byName.len() }

// PartitionCount returns the number of partitions of all topics.
func (im *Image) PartitionCount() int { return im.partitions }

// Topic returns a topic by ID, nil when there is none.
func (im *Image) Topic(id kafka.TopicID) *TopicImage {
	t, _ := im.byID.get(idKey(id))
	return t
}

// TopicByName returns a topic by name, nil when there is none.
func (im *Image) TopicByName(name string) *TopicImage {
	t, _ := im.byName.get(nameKey(name))
	return t
}

// EachTopic visits the topics by rising name until visit returns false.
func (im *Image) EachTopic(visit func(*TopicImage) bool) {
	im.byName.each(func(_ nameKey, t *TopicImage) bool { return visit(t) })
}

// EachTopicFrom visits the topics with names at or above name by rising name.
func (im *Image) EachTopicFrom(name string, visit func(*TopicImage) bool) {
	im.byName.from(nameKey(name), func(_ nameKey, t *TopicImage) bool { return visit(t) })
}

// Partition returns a partition, nil when there is none.
func (im *Image) Partition(tp kafka.TopicPartition) *Partition {
	if t := im.Topic(tp.Topic); t != nil {
		return t.Partition(tp.Partition)
	}
	return nil
}

// Partition returns a partition of the topic, nil when there is none.
func (t *TopicImage) Partition(i kafka.PartitionIndex) *Partition {
	return t.Partitions.At(int(i))
}

// Configs returns what is explicitly set on a resource.
func (im *Image) Configs(r kafka.ConfigResource) kafka.ConfigMap {
	m, _ := im.configs.get(resourceKey(r))
	return m
}

// EachConfig visits the resources on which something is set, by type and name.
func (im *Image) EachConfig(visit func(kafka.ConfigResource, kafka.ConfigMap) bool) {
	im.configs.each(func(r resourceKey, m kafka.ConfigMap) bool { return visit(kafka.ConfigResource(r), m) })
}

// Layers gathers what bears on a topic's settings as seen by one broker, whose
// static settings the caller knows. An empty topic name leaves the topic out.
func (im *Image) Layers(topic string, broker kafka.BrokerID, static kafka.ConfigMap) kafka.ConfigLayers {
	l := kafka.ConfigLayers{
		Broker:         im.Configs(BrokerResource(broker)),
		ClusterDefault: im.Configs(kafka.ConfigResource{Type: kafka.ResourceBroker}),
		Static:         static,
	}
	if topic != "" {
		l.Topic = im.Configs(TopicResource(topic))
	}
	return l
}
