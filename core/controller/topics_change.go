package controller

import (
	"slices"
	"strconv"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// deleteTopics decides each topic on its own.
func (m *Machine) deleteTopics(d *draft, c *DeleteTopics) (ResultBody, *refusal) {
	if defaults := m.brokerDefaults(d.image); !defaults.DeleteTopicEnable {
		return nil, refuse(kafka.ErrTopicDeletionDisabled, "Topic deletion is disabled.")
	}
	result := &DeleteTopicsResult{Topics: make([]DeletedTopic, len(c.Topics))}
	found := make([]*metadata.TopicImage, len(c.Topics))
	times := make(map[kafka.TopicID]int, len(c.Topics))
	for i, ref := range c.Topics {
		out := &result.Topics[i]
		out.Name, out.ID = ref.Name, ref.ID
		t, err := findTopic(d.image, ref)
		if err != nil {
			out.Error, out.Message = err.code, err.message
			continue
		}
		out.Name, out.ID = t.Name, t.ID
		found[i] = t
		times[t.ID]++
	}
	for i, t := range found {
		if t == nil {
			continue
		}
		if times[t.ID] > 1 {
			result.Topics[i].Error, result.Topics[i].Message = kafka.ErrInvalidRequest, "Duplicate topic."
			continue
		}
		d.add(&metadata.TopicRemoved{ID: t.ID})
	}
	return result, nil
}

func findTopic(im *metadata.Image, ref TopicRef) (*metadata.TopicImage, *refusal) {
	switch {
	case ref.Name != "" && ref.ID != kafka.TopicID{}:
		return nil, refuse(kafka.ErrInvalidRequest, "You may not specify both topic name and topic id.")
	case ref.Name != "":
		if t := im.TopicByName(ref.Name); t != nil {
			return t, nil
		}
		return nil, refuse(kafka.ErrUnknownTopicOrPartition, "This server does not host this topic-partition.")
	case ref.ID != kafka.TopicID{}:
		if t := im.Topic(ref.ID); t != nil {
			return t, nil
		}
		return nil, refuse(kafka.ErrUnknownTopicID, "This server does not host this topic ID.")
	}
	return nil, refuse(kafka.ErrInvalidRequest, "Neither topic name nor id were specified.")
}

// createPartitions decides each topic on its own.
func (m *Machine) createPartitions(d *draft, c *CreatePartitions) (ResultBody, *refusal) {
	names := make([]string, len(c.Topics))
	for i := range c.Topics {
		names[i] = c.Topics[i].Name
	}
	twice := repeated(names)
	result := &CreatePartitionsResult{Topics: make([]NamedError, len(c.Topics))}
	for i := range c.Topics {
		t, out := &c.Topics[i], &result.Topics[i]
		out.Name = t.Name
		err := refuse(kafka.ErrInvalidRequest, "Duplicate topic name.")
		if !contains(twice, t.Name) {
			err = m.morePartitions(d, t)
		}
		if err != nil {
			out.Error, out.Message = err.code, err.message
		}
	}
	if c.ValidateOnly {
		d.drop()
	}
	return result, nil
}

func (m *Machine) morePartitions(d *draft, t *MorePartitions) *refusal {
	topic := d.image.TopicByName(t.Name)
	if topic == nil {
		return refuse(kafka.ErrUnknownTopicOrPartition, "This server does not host this topic-partition.")
	}
	have := topic.Partitions.Len()
	switch {
	case int(t.Count) == have:
		return refuse(kafka.ErrInvalidPartitions, "Topic already has "+strconv.Itoa(have)+" partition(s).")
	case int(t.Count) < have:
		return refuse(kafka.ErrInvalidPartitions, "The topic "+t.Name+" currently has "+strconv.Itoa(have)+" partition(s); "+strconv.Itoa(int(t.Count))+" would not be an increase.")
	case int(t.Count)-have > int(m.cfg.Limits.MaxPartitionsPerRequest):
		return refuse(kafka.ErrPolicyViolation, "Excessively large number of partitions per request.")
	}
	replicas := len(topic.Partitions.At(0).Target())
	placed, err := m.placeMore(d, t, int(t.Count)-have, replicas)
	if err != nil {
		return err
	}
	v := m.topicView(d.image, topic)
	records := make([]metadata.Record, len(placed))
	for i, p := range placed {
		records[i] = newPartition(d.image, topic.ID, kafka.PartitionIndex(have+i), p, v.mode)
	}
	d.add(records...)
	return nil
}

func (m *Machine) placeMore(d *draft, t *MorePartitions, more, replicas int) ([][]kafka.BrokerID, *refusal) {
	if t.Assignments == nil {
		return m.place(d.image, more, replicas)
	}
	if len(t.Assignments) != more {
		return nil, refuse(kafka.ErrInvalidReplicaAssignment, "Attempted to add "+strconv.Itoa(more)+" additional partition(s), but "+strconv.Itoa(len(t.Assignments))+" assignment(s) were specified.")
	}
	placed := make([][]kafka.BrokerID, more)
	for i, a := range t.Assignments {
		if err := checkReplicas(d.image, a); err != nil {
			return nil, err
		}
		if len(a) != replicas {
			return nil, refuse(kafka.ErrInvalidReplicaAssignment, "The manual partition assignment includes a partition with "+strconv.Itoa(len(a))+" replica(s), but this is not consistent with previous partitions, which have "+strconv.Itoa(replicas)+" replica(s).")
		}
		placed[i] = slices.Clone(a)
	}
	return placed, nil
}
