package controller

import (
	"slices"

	"trialog/core/kafka"
)

// replaceConfigs decides each resource on its own. A setting that is not named
// goes back to its default, which is why Kafka has replaced this request by the
// incremental one: of two clients that change a setting each, one undoes the other.
func (m *Machine) replaceConfigs(d *draft, c *ReplaceConfigs) (ResultBody, *refusal) {
	resources := make([]kafka.ConfigResource, len(c.Resources))
	for i := range c.Resources {
		resources[i] = c.Resources[i].Resource
	}
	result := eachResource(resources, func(i int) *refusal { return m.replaceResource(d, &c.Resources[i]) })
	if c.ValidateOnly {
		d.drop()
	}
	return result, nil
}

func (m *Machine) replaceResource(d *draft, r *ReplaceResource) *refusal {
	scope, err := checkResource(d.image, r.Resource)
	if err != nil {
		return err
	}
	old := d.image.Configs(r.Resource)
	change := configChange{resource: r.Resource, set: old}
	for _, e := range old {
		if !slices.ContainsFunc(r.Configs, func(c NewConfig) bool { return c.Name == e.Name }) {
			change.remove(e.Name)
		}
	}
	for i := range r.Configs {
		c := &r.Configs[i]
		if slices.ContainsFunc(r.Configs[:i], func(o NewConfig) bool { return o.Name == c.Name }) {
			return refuse(kafka.ErrInvalidRequest, "Error due to duplicate config keys")
		}
		value, _, err := m.alterValue(d, r.Resource, scope, &AlterOp{Name: c.Name, Op: kafka.OpSet, Value: c.Value})
		if err != nil {
			return err
		}
		change.put(c.Name, value)
	}
	return m.takeChange(d, scope, &change)
}
