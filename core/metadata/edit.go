package metadata

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"trialog/core/kafka"
)

// TopicResource names a topic's settings.
func TopicResource(name string) kafka.ConfigResource {
	return kafka.ConfigResource{Type: kafka.ResourceTopic, Name: name}
}

// BrokerResource names one broker's dynamic settings.
func BrokerResource(id kafka.BrokerID) kafka.ConfigResource {
	return kafka.ConfigResource{Type: kafka.ResourceBroker, Name: strconv.Itoa(int(id))}
}

// ClusterResource names the dynamic settings of every broker.
func ClusterResource() kafka.ConfigResource {
	return kafka.ConfigResource{Type: kafka.ResourceBroker}
}

// Edit applies records to an image and returns what they changed; Delta.To is
// the new image, and from stays as it is. The index is of the entry that the
// records come from; a written view passes the largest uint64, for it does not
// know yet. On an error nothing counts.
//
// The cost is in proportion to what changes: a partition costs its copy and those
// of the chunk that it lies in, a topic that of its list of chunks, once per call
// (see PartitionList), and each path in a tree O(log n).
func Edit(from *Image, index uint64, records []Record) (*Delta, error) {
	e := newEdit(from, index)
	for _, r := range records {
		if err := e.record(r); err != nil {
			return nil, err
		}
	}
	return e.finish(), nil
}

func newEdit(from *Image, index uint64) *edit {
	e := &edit{from: from, to: new(Image), touched: map[kafka.TopicID]*touchedTopic{}}
	*e.to = *from
	e.to.index = index
	return e
}

// Draft is an image that grows record by record, for whoever decides one after
// another and reads what was decided before. What a topic
// costs it costs once per Draft, however many of its partitions change.
type Draft struct{ edit *edit }

// NewDraft begins with an image, whose index becomes the largest uint64.
func NewDraft(from *Image) *Draft { return &Draft{newEdit(from, math.MaxUint64)} }

// Add applies records. After an error the draft is worth nothing.
func (d *Draft) Add(records ...Record) error {
	for _, r := range records {
		if err := d.edit.record(r); err != nil {
			return err
		}
	}
	return nil
}

// Image returns the image with what was added. It changes with the next Add; what
// it returned of partitions, brokers and settings does not.
func (d *Draft) Image() *Image { return d.edit.to }

// edit is an image under construction. Topics that it has copied stand in
// touched and are changed in place until finish.
type edit struct {
	from, to *Image
	delta    Delta
	touched  map[kafka.TopicID]*touchedTopic
	held     map[heldKey]*held // of to.held, made by this edit
	order    []*touchedTopic
}

type touchedTopic struct {
	image      *TopicImage
	list       listEdit // of image
	change     TopicChange
	existed    bool
	partitions []kafka.PartitionIndex
}

func (e *edit) record(r Record) error {
	switch r := r.(type) {
	case *ClusterID:
		return e.clusterID(r)
	case *FeatureLevel:
		return e.featureLevel(r)
	case *BrokerRegistration:
		return e.brokerRegistration(r)
	case *BrokerChange:
		return e.brokerChange(r)
	case *BrokerRemoved:
		return e.brokerRemoved(r)
	case *Topic:
		return e.topic(r)
	case *TopicRemoved:
		return e.topicRemoved(r)
	case *PartitionRecord:
		return e.partition(r)
	case *PartitionChange:
		return e.partitionChange(r)
	case *Config:
		return e.config(r)
	case *ProducerIDBlock:
		return e.producerIDBlock(r)
	case *QuorumReplica:
		return e.replica(r)
	case *QuorumReplicaRemoved:
		return e.replicaRemoved(r)
	}
	return refuse("a record of no known kind")
}

func refuse(format string, args ...any) error { return fmt.Errorf("metadata: "+format, args...) }

func (e *edit) clusterID(r *ClusterID) error {
	if e.to.clusterID != (kafka.UUID{}) && e.to.clusterID != r.ID {
		return refuse("the cluster ID cannot change")
	}
	e.to.clusterID = r.ID
	e.delta.Cluster = true
	return nil
}

func (e *edit) featureLevel(r *FeatureLevel) error {
	if r.Name == "" || r.Level < 0 {
		return refuse("feature %q at level %d", r.Name, r.Level)
	}
	i, found := slices.BinarySearchFunc(e.to.features, r.Name, func(f FeatureLevel, name string) int { return cmp.Compare(f.Name, name) })
	features := slices.Clone(e.to.features)
	switch {
	case found && r.Level == 0:
		features = slices.Delete(features, i, i+1)
	case found:
		features[i].Level = r.Level
	case r.Level > 0:
		features = slices.Insert(features, i, *r)
	}
	e.to.features = features
	e.to.featureEpoch++
	e.delta.Features = true
	return nil
}

func (e *edit) config(r *Config) error {
	key := resourceKey(r.Resource)
	old, _ := e.to.configs.get(key)
	set := old.With(r.Name, r.Value)
	if r.Remove {
		set = old.Without(r.Name)
	}
	if len(set) == 0 {
		e.to.configs = e.to.configs.remove(key)
	} else {
		e.to.configs = e.to.configs.set(key, set)
	}
	e.delta.Configs = append(e.delta.Configs, r.Resource)
	return nil
}

func (e *edit) producerIDBlock(r *ProducerIDBlock) error {
	if r.Next <= e.to.nextProducerID {
		return refuse("producer IDs below %d are taken", e.to.nextProducerID) // MD5
	}
	e.to.nextProducerID = r.Next
	e.delta.ProducerIDs = true
	return nil
}

// finish publishes the image and puts the delta's lists in order.
func (e *edit) finish() *Delta {
	d := &e.delta
	d.From, d.To = e.from, e.to
	for _, t := range e.order {
		if !t.existed && t.change == TopicDeleted {
			continue
		}
		td := TopicDelta{ID: t.image.ID, Name: t.image.Name, Change: t.change}
		if t.change != TopicDeleted {
			slices.Sort(t.partitions)
			td.Partitions = slices.Compact(t.partitions)
		}
		d.Topics = append(d.Topics, td)
	}
	slices.SortStableFunc(d.Topics, func(a, b TopicDelta) int { return idKey(a.ID).compare(idKey(b.ID)) })
	slices.Sort(d.Brokers)
	d.Brokers = slices.Compact(d.Brokers)
	slices.SortStableFunc(d.Configs, func(a, b kafka.ConfigResource) int { return resourceKey(a).compare(resourceKey(b)) })
	d.Configs = slices.Compact(d.Configs)
	return d
}
