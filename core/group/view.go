package group

import (
	"cmp"
	"slices"
	"strings"

	"trialog/core/kafka"
)

// view is what a prefix of the log says: of every group its last record and its
// offsets.
type view struct {
	groups map[string]*kept
	came   *[]visited // what has come since it was looked at; nil: nobody looks
}

// kept is one group in a view.
type kept struct {
	classic  *ClassicValue // nil: nobody has ever settled in it
	consumer *consumerKept // nil: no group of the consumer protocol
	offsets  offsets
}

func newView() view { return view{groups: make(map[string]*kept)} }

// apply takes one record. It is the only way to change a view.
func (v *view) apply(r *Record) {
	if r.Kind == UnknownRecord {
		return
	}
	k := v.groups[r.Group]
	if k == nil {
		if !r.HasValue && r.Classic == nil && r.Consumer == nil {
			return
		}
		k = &kept{}
		v.groups[r.Group] = k
		if v.came != nil {
			*v.came = append(*v.came, visited{r.Group, k})
		}
	}
	switch {
	case r.Kind == ClassicRecord:
		k.classic = r.Classic
	case r.Kind.consumers():
		k.applyConsumer(r)
	case r.HasValue:
		k.offsets.set(r.Topic, r.Partition, &r.Offset)
	default:
		k.offsets.remove(r.Topic, r.Partition)
	}
	if k.classic == nil && k.consumer == nil && k.offsets.count == 0 {
		delete(v.groups, r.Group)
	}
}

// names returns the groups of a view, sorted.
func (v *view) names() []string {
	names := make([]string, 0, len(v.groups))
	for name := range v.groups { //order: they are sorted below
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// offsets are what a group has committed, by topic and partition.
type offsets struct {
	topics []topicOffsets
	count  int
}

type topicOffsets struct {
	topic string
	parts []partOffset
}

type partOffset struct {
	partition kafka.PartitionIndex
	Offset
}

func (o *offsets) find(topic string) (int, bool) {
	return slices.BinarySearchFunc(o.topics, topic, func(t topicOffsets, name string) int { return strings.Compare(t.topic, name) })
}

func (t *topicOffsets) find(p kafka.PartitionIndex) (int, bool) {
	return slices.BinarySearchFunc(t.parts, p, func(o partOffset, p kafka.PartitionIndex) int { return cmp.Compare(o.partition, p) })
}

// get returns what is committed for a partition, nil for nothing.
func (o *offsets) get(topic string, p kafka.PartitionIndex) *Offset {
	i, found := o.find(topic)
	if !found {
		return nil
	}
	if j, found := o.topics[i].find(p); found {
		return &o.topics[i].parts[j].Offset
	}
	return nil
}

func (o *offsets) set(topic string, p kafka.PartitionIndex, value *Offset) {
	i, found := o.find(topic)
	if !found {
		o.topics = slices.Insert(o.topics, i, topicOffsets{topic: topic})
	}
	t := &o.topics[i]
	j, found := t.find(p)
	if !found {
		t.parts = slices.Insert(t.parts, j, partOffset{partition: p})
		o.count++
	}
	t.parts[j].Offset = *value
}

func (o *offsets) remove(topic string, p kafka.PartitionIndex) {
	i, found := o.find(topic)
	if !found {
		return
	}
	t := &o.topics[i]
	j, found := t.find(p)
	if !found {
		return
	}
	o.count--
	if t.parts = slices.Delete(t.parts, j, j+1); len(t.parts) == 0 {
		o.topics = slices.Delete(o.topics, i, i+1)
	}
}

// each shows every offset, by topic and partition, until visit returns false.
func (o *offsets) each(visit func(topic string, p kafka.PartitionIndex, value *Offset) bool) {
	for i := range o.topics {
		t := &o.topics[i]
		for j := range t.parts {
			if !visit(t.topic, t.parts[j].partition, &t.parts[j].Offset) {
				return
			}
		}
	}
}
