package controller

import (
	"slices"
	"strconv"
	"strings"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// createTopics decides each topic on its own.
func (m *Machine) createTopics(d *draft, c *CreateTopics) (ResultBody, *refusal) {
	total := int64(0)
	for i := range c.Topics {
		total += max(int64(c.Topics[i].Partitions), int64(len(c.Topics[i].Assignments)), 0)
	}
	if total > int64(m.cfg.Limits.MaxPartitionsPerRequest) {
		return nil, refuse(kafka.ErrPolicyViolation, "Excessively large number of partitions per request.")
	}
	names := make([]string, len(c.Topics))
	for i := range c.Topics {
		names[i] = c.Topics[i].Name
	}
	twice := repeated(names)
	result := &CreateTopicsResult{Topics: make([]CreatedTopic, len(c.Topics))}
	for i := range c.Topics {
		t, out := &c.Topics[i], &result.Topics[i]
		out.Name = t.Name
		err := m.createTopic(d, t, out, contains(twice, t.Name))
		if err != nil {
			*out = CreatedTopic{Name: t.Name, Error: err.code, Message: err.message}
		}
	}
	if c.ValidateOnly {
		d.drop()
		for i := range result.Topics {
			result.Topics[i].ID = kafka.TopicID{}
		}
	}
	return result, nil
}

// repeated returns the names that occur more than once, sorted.
func repeated(names []string) []string {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	var twice []string
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			twice = append(twice, sorted[i])
		}
	}
	return twice
}

func contains(sorted []string, name string) bool {
	_, found := slices.BinarySearch(sorted, name)
	return found
}

func (m *Machine) createTopic(d *draft, t *NewTopic, out *CreatedTopic, twice bool) *refusal {
	if why := TopicNameFlaw(t.Name); why != "" {
		return refuse(kafka.ErrInvalidTopicException, why)
	}
	if twice {
		return refuse(kafka.ErrInvalidRequest, "Duplicate topic name.")
	}
	if d.image.TopicByName(t.Name) != nil {
		return refuse(kafka.ErrTopicAlreadyExists, "Topic '"+t.Name+"' already exists.")
	}
	if other := collision(d.image, t.Name); other != "" {
		return refuse(kafka.ErrInvalidTopicException, "Topic '"+t.Name+"' collides with existing topic: "+other)
	}
	configs, err := m.newTopicConfigs(d, t.Configs)
	if err != nil {
		return err
	}
	placed, err := m.placeTopic(d, t)
	if err != nil {
		return err
	}
	configs = m.withSafeMinISR(d, configs, len(placed[0]))

	id := kafka.TopicID(m.rand.UUID())
	records := []metadata.Record{&metadata.Topic{ID: id, Name: t.Name}}
	for _, c := range configs {
		records = append(records, &metadata.Config{Resource: metadata.TopicResource(t.Name), Name: c.Name, Value: c.Value})
	}
	layers := d.image.Layers("", m.cfg.Broker, m.cfg.Static)
	layers.Topic = configs
	out.Configs = kafka.AllTopicConfigs(&layers)
	layers.Broker = nil
	typed := kafka.LoadTopicConfig(&layers)
	for i, replicas := range placed {
		records = append(records, newPartition(d.image, id, kafka.PartitionIndex(i), replicas, typed.Mode()))
	}
	d.add(records...)
	out.ID, out.Partitions, out.ReplicationFactor = id, int32(len(placed)), int16(len(placed[0]))
	return nil
}

// collision returns an existing topic whose name differs in '.' and '_' only.
func collision(im *metadata.Image, name string) (other string) {
	if !strings.ContainsAny(name, "._") {
		return ""
	}
	im.EachTopic(func(t *metadata.TopicImage) bool {
		if collides(t.Name, name) {
			other = t.Name
		}
		return other == ""
	})
	return other
}

// newTopicConfigs checks the settings given at creation.
func (m *Machine) newTopicConfigs(d *draft, given []NewConfig) (kafka.ConfigMap, *refusal) {
	var set kafka.ConfigMap
	for _, c := range given {
		if c.Value == nil {
			return nil, refuse(kafka.ErrInvalidConfig, "Null value not supported for topic configs: "+c.Name)
		}
		if err := checkValue(c.Name, *c.Value, kafka.ScopeTopic); err != nil {
			return nil, err
		}
		set = set.With(c.Name, *c.Value)
	}
	layers := d.image.Layers("", m.cfg.Broker, m.cfg.Static)
	layers.Topic = set
	typed := kafka.LoadTopicConfig(&layers)
	if why := typed.Flaw(); why != "" {
		return nil, refuse(kafka.ErrInvalidConfig, why)
	}
	return set, nil
}

// withSafeMinISR writes min.insync.replicas=2 into a topic with three or more
// replicas, unless the topic, the cluster or this broker says something else:
// with 1, acks=all on a lone survivor would count.
func (m *Machine) withSafeMinISR(d *draft, set kafka.ConfigMap, replicas int) kafka.ConfigMap {
	const name = "min.insync.replicas"
	if replicas < 3 {
		return set
	}
	layers := d.image.Layers("", m.cfg.Broker, m.cfg.Static)
	layers.Topic = set
	if r := kafka.LookupSetting(name, kafka.ScopeTopic).ResolveTopic(&layers); r.Source != kafka.SourceDefault {
		return set
	}
	return set.With(name, "2")
}

// placeTopic returns the replicas of every partition.
func (m *Machine) placeTopic(d *draft, t *NewTopic) ([][]kafka.BrokerID, *refusal) {
	if len(t.Assignments) > 0 {
		return manualPlacement(d.image, t)
	}
	defaults := m.brokerDefaults(d.image)
	partitions, replicas := t.Partitions, t.ReplicationFactor
	if partitions == -1 {
		partitions = defaults.NumPartitions
	}
	if replicas == -1 {
		replicas = defaults.DefaultReplicationFactor
	}
	if partitions <= 0 {
		return nil, refuse(kafka.ErrInvalidPartitions, "Number of partitions was set to an invalid non-positive value.")
	}
	if partitions > m.cfg.Limits.MaxPartitionsPerRequest {
		return nil, refuse(kafka.ErrPolicyViolation, "Excessively large number of partitions per request.")
	}
	if replicas <= 0 {
		return nil, refuse(kafka.ErrInvalidReplicationFactor, "Replication factor must be larger than 0, or -1 to use the default value.")
	}
	return m.place(d.image, int(partitions), int(replicas))
}

func (m *Machine) place(im *metadata.Image, partitions, replicas int) ([][]kafka.BrokerID, *refusal) {
	s := newSpread(im, &m.rand)
	if len(s.eligible) == 0 {
		return nil, refuse(kafka.ErrInvalidReplicationFactor, "Unable to replicate the partition: all brokers are currently fenced.")
	}
	if all := len(s.eligible) + len(s.others); replicas > all {
		return nil, refuse(kafka.ErrInvalidReplicationFactor, "Unable to replicate the partition "+strconv.Itoa(replicas)+" time(s): only "+strconv.Itoa(all)+" broker(s) are registered.")
	}
	placed := make([][]kafka.BrokerID, partitions)
	for i := range placed {
		placed[i] = s.next(replicas)
	}
	return placed, nil
}

func (m *Machine) brokerDefaults(im *metadata.Image) kafka.BrokerConfig {
	layers := im.Layers("", m.cfg.Broker, m.cfg.Static)
	return kafka.LoadBrokerConfig(&layers)
}

// manualPlacement checks an assignment by hand: partitions from 0 without a
// gap, each with the same number of different, known brokers.
func manualPlacement(im *metadata.Image, t *NewTopic) ([][]kafka.BrokerID, *refusal) {
	if t.Partitions != -1 || t.ReplicationFactor != -1 {
		return nil, refuse(kafka.ErrInvalidRequest, "Partitions and replication factor must be -1 when assignments are given.")
	}
	placed := make([][]kafka.BrokerID, len(t.Assignments))
	for _, a := range t.Assignments {
		i := int(a.Partition)
		if i < 0 || i >= len(placed) || placed[i] != nil {
			return nil, refuse(kafka.ErrInvalidReplicaAssignment, "Partitions should be a consecutive 0-based integer sequence.")
		}
		if err := checkReplicas(im, a.Replicas); err != nil {
			return nil, err
		}
		placed[i] = slices.Clone(a.Replicas)
	}
	for _, p := range placed {
		if len(p) != len(placed[0]) {
			return nil, refuse(kafka.ErrInvalidReplicaAssignment, "All partitions should have the same number of replicas.")
		}
	}
	return placed, nil
}

// checkReplicas judges one partition's assignment by hand.
func checkReplicas(im *metadata.Image, replicas []kafka.BrokerID) *refusal {
	eligible := false
	for i, b := range replicas {
		if slices.Contains(replicas[:i], b) {
			return refuse(kafka.ErrInvalidReplicaAssignment, "The manual partition assignment includes the broker "+strconv.Itoa(int(b))+" more than once.")
		}
		if im.Broker(b) == nil {
			return refuse(kafka.ErrInvalidReplicaAssignment, "The manual partition assignment includes broker "+strconv.Itoa(int(b))+", but no such broker is registered.")
		}
		eligible = eligible || im.Broker(b).Eligible()
	}
	switch {
	case len(replicas) == 0:
		return refuse(kafka.ErrInvalidReplicaAssignment, "The manual partition assignment includes an empty replica list.")
	case !eligible:
		return refuse(kafka.ErrInvalidReplicaAssignment, "All brokers specified in the manual partition assignment are fenced or in controlled shutdown.")
	}
	return nil
}

// newPartition begins a partition: in sync are the replicas that live.
func newPartition(im *metadata.Image, topic kafka.TopicID, index kafka.PartitionIndex, replicas []kafka.BrokerID, mode kafka.DurabilityMode) *metadata.PartitionRecord {
	s := metadata.PartitionState{Replicas: replicas, Directories: make([]kafka.DirectoryID, len(replicas)), Leader: kafka.NoBroker, Mode: mode}
	for i, id := range replicas {
		b := im.Broker(id)
		s.Directories[i] = b.Directory
		if b.Eligible() {
			s.ISR = append(s.ISR, id)
		}
	}
	if len(s.ISR) > 0 {
		s.Leader = s.ISR[0]
	}
	return &metadata.PartitionRecord{Topic: topic, Partition: index, State: s}
}
