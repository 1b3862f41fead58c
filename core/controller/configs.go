package controller

import (
	"slices"
	"strconv"
	"strings"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// alterConfigs decides each resource on its own (KIP-339).
func (m *Machine) alterConfigs(d *draft, c *AlterConfigs) (ResultBody, *refusal) {
	resources := make([]kafka.ConfigResource, len(c.Resources))
	for i := range c.Resources {
		resources[i] = c.Resources[i].Resource
	}
	result := eachResource(resources, func(i int) *refusal { return m.alterResource(d, &c.Resources[i]) })
	if c.ValidateOnly {
		d.drop()
	}
	return result, nil
}

// eachResource lets decide say what becomes of each resource.
func eachResource(resources []kafka.ConfigResource, decide func(i int) *refusal) *AlterConfigsResult {
	result := &AlterConfigsResult{Resources: make([]AlteredResource, len(resources))}
	for i, r := range resources {
		out := &result.Resources[i]
		out.Resource = r
		err := refuse(kafka.ErrInvalidRequest, "Each resource may be given once.")
		if !slices.Contains(resources[:i], r) && !slices.Contains(resources[i+1:], r) {
			err = decide(i)
		}
		if err != nil {
			out.Error, out.Message = err.code, err.message
		}
	}
	return result
}

func (m *Machine) alterResource(d *draft, r *AlterResource) *refusal {
	scope, err := checkResource(d.image, r.Resource)
	if err != nil {
		return err
	}
	change := configChange{resource: r.Resource, set: d.image.Configs(r.Resource)}
	for i := range r.Ops {
		op := &r.Ops[i]
		if slices.ContainsFunc(r.Ops[:i], func(o AlterOp) bool { return o.Name == op.Name }) {
			return refuse(kafka.ErrInvalidRequest, "Error due to duplicate config keys")
		}
		value, remove, err := m.alterValue(d, r.Resource, scope, op)
		switch {
		case err != nil:
			return err
		case remove:
			change.remove(op.Name)
		default:
			change.put(op.Name, value)
		}
	}
	return m.takeChange(d, scope, &change)
}

// configChange is what becomes of a resource's settings.
type configChange struct {
	resource kafka.ConfigResource
	set      kafka.ConfigMap // after records
	records  []metadata.Record
}

func (c *configChange) put(name, value string) {
	if old, was := c.set.Get(name); was && old == value {
		return
	}
	c.set = c.set.With(name, value)
	c.records = append(c.records, &metadata.Config{Resource: c.resource, Name: name, Value: value})
}

func (c *configChange) remove(name string) {
	if _, was := c.set.Get(name); !was {
		return
	}
	c.set = c.set.Without(name)
	c.records = append(c.records, &metadata.Config{Resource: c.resource, Name: name, Remove: true})
}

// takeChange takes a change into the draft unless its settings contradict one
// another.
func (m *Machine) takeChange(d *draft, scope kafka.ConfigScope, c *configChange) *refusal {
	if scope == kafka.ScopeTopic {
		layers := d.image.Layers("", m.cfg.Broker, m.cfg.Static)
		layers.Topic = c.set
		typed := kafka.LoadTopicConfig(&layers)
		if why := typed.Flaw(); why != "" {
			return refuse(kafka.ErrInvalidConfig, why)
		}
	}
	if scope == kafka.ScopeGroup {
		layers := d.image.Layers("", m.cfg.Broker, m.cfg.Static)
		layers.Group = c.set
		if why := kafka.GroupFlaw(&layers); why != "" {
			return refuse(kafka.ErrInvalidConfig, why)
		}
	}
	if len(c.records) > 0 {
		d.add(c.records...)
		m.reshapeAfterConfigs(d, c.resource)
	}
	return nil
}

// checkResource returns the level of a resource, if there is such a one.
func checkResource(im *metadata.Image, r kafka.ConfigResource) (kafka.ConfigScope, *refusal) {
	switch r.Type {
	case kafka.ResourceTopic:
		if im.TopicByName(r.Name) == nil {
			return 0, refuse(kafka.ErrUnknownTopicOrPartition, "The topic '"+r.Name+"' does not exist.")
		}
		return kafka.ScopeTopic, nil
	case kafka.ResourceBroker:
		if r.Name == "" {
			return kafka.ScopeBroker, nil
		}
		id, err := strconv.ParseInt(r.Name, 10, 32)
		if err != nil || id < 0 || strconv.FormatInt(id, 10) != r.Name {
			return 0, refuse(kafka.ErrInvalidRequest, "Invalid broker name "+r.Name)
		}
		if im.Broker(kafka.BrokerID(id)) == nil {
			return 0, refuse(kafka.ErrBrokerIDNotRegistered, "Broker "+r.Name+" is not registered.")
		}
		return kafka.ScopeBroker, nil
	case kafka.ResourceGroup:
		if r.Name == "" {
			return 0, refuse(kafka.ErrInvalidRequest, "Default group resources are not allowed.")
		}
		return kafka.ScopeGroup, nil
	case kafka.ResourceUnknown:
	}
	return 0, refuse(kafka.ErrInvalidRequest, "Settings of this kind of resource are not kept.")
}

// alterValue returns what an operation makes of a setting.
func (m *Machine) alterValue(d *draft, r kafka.ConfigResource, scope kafka.ConfigScope, op *AlterOp) (value string, remove bool, err *refusal) {
	s := kafka.LookupSetting(op.Name, scope)
	if s == nil && op.Op == kafka.OpDelete {
		return "", true, nil // what results is judged: kafka-reassign-partitions clears throttles that nobody has set
	}
	if s == nil {
		return "", false, unknownSetting(op.Name)
	}
	if scope == kafka.ScopeBroker && (s.Update == kafka.UpdateReadOnly || s.Update == kafka.UpdateClusterWide && r.Name != "") {
		return "", false, refuse(kafka.ErrInvalidRequest, "Cannot update these configs dynamically: "+op.Name)
	}
	if op.Op == kafka.OpDelete {
		return "", true, nil
	}
	if op.Value == nil {
		return "", false, refuse(kafka.ErrInvalidRequest, "Null value not supported for: "+op.Name)
	}
	switch op.Op {
	case kafka.OpSet:
		value = *op.Value
	case kafka.OpAppend, kafka.OpSubtract:
		if s.Type != kafka.TypeList {
			return "", false, refuse(kafka.ErrInvalidConfig, "Can't append to or subtract from key "+op.Name+" because its type is not LIST.")
		}
		value = m.alterList(d, r, s, op)
	case kafka.OpDelete:
	default:
		return "", false, refuse(kafka.ErrInvalidRequest, "Unknown operation.")
	}
	return value, false, checkValue(op.Name, value, scope)
}

// alterList adds to, or takes from, the list that holds now.
func (m *Machine) alterList(d *draft, r kafka.ConfigResource, s *kafka.Setting, op *AlterOp) string {
	var now kafka.ResolvedConfig
	if r.Type == kafka.ResourceTopic {
		layers := d.image.Layers(r.Name, m.cfg.Broker, m.cfg.Static)
		now = s.ResolveTopic(&layers)
	} else {
		layers := kafka.ConfigLayers{Broker: d.image.Configs(r), ClusterDefault: d.image.Configs(metadata.ClusterResource()), Static: m.cfg.Static}
		now = s.ResolveBroker(&layers)
	}
	list := slices.Clone(now.Parsed().List)
	for _, item := range strings.Split(*op.Value, ",") {
		item = strings.TrimSpace(item)
		i := slices.Index(list, item)
		switch {
		case op.Op == kafka.OpAppend && i < 0:
			list = append(list, item)
		case op.Op == kafka.OpSubtract && i >= 0:
			list = slices.Delete(list, i, i+1)
		}
	}
	return strings.Join(list, ",")
}

func checkValue(name, value string, scope kafka.ConfigScope) *refusal {
	s := kafka.LookupSetting(name, scope)
	if s == nil {
		return unknownSetting(name)
	}
	if _, why := s.Parse(value); why != "" {
		return refuse(kafka.ErrInvalidConfig, why)
	}
	return nil
}

func unknownSetting(name string) *refusal {
	return refuse(kafka.ErrInvalidConfig, "Unknown config name: "+name)
}

// reshapeAfterConfigs lets the partitions follow settings that decide about
// them: the durability mode (which begins a leader epoch), min ISR (which may
// end the ELR), and unclean elections.
func (m *Machine) reshapeAfterConfigs(d *draft, r kafka.ConfigResource) {
	if r.Type == kafka.ResourceBroker && r.Name != "" || r.Type == kafka.ResourceGroup {
		return
	}
	follow := func(s *reshape) { s.setMode(s.view.mode) }
	if r.Type == kafka.ResourceBroker {
		m.reshapeAll(d, func(*metadata.Partition) bool { return true }, follow)
	} else {
		m.reshapeTopic(d, r.Name, follow)
	}
	m.syncing, m.syncedAt = true, 0
}
