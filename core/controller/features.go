package controller

import (
	"slices"
	"strconv"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// FeatureRange says which levels of a feature this release knows.
type FeatureRange struct {
	Name     string
	Min, Max int16
}

// FeatureChange is which way a feature's level may go (KIP-584, KIP-778).
type FeatureChange int8

// The ways.
const (
	Upgrade         FeatureChange = 1
	SafeDowngrade   FeatureChange = 2
	UnsafeDowngrade FeatureChange = 3
)

// UpdateFeatures finalises levels of features (API 57): all of them, or none.
type UpdateFeatures struct {
	Updates      []FeatureUpdate
	ValidateOnly bool
}

// FeatureUpdate is one feature of UpdateFeatures. Level 0 withdraws it.
type FeatureUpdate struct {
	Name   string
	Level  int16
	Change FeatureChange
}

// UpdateFeaturesResult answers UpdateFeatures.
type UpdateFeaturesResult struct{}

func (*UpdateFeatures) controllerBody()         {}
func (*UpdateFeaturesResult) controllerResult() {}

func (m *Machine) updateFeatures(d *draft, u *UpdateFeatures) (ResultBody, *refusal) {
	for i := range u.Updates {
		f := &u.Updates[i]
		if slices.ContainsFunc(u.Updates[:i], func(o FeatureUpdate) bool { return o.Name == f.Name }) {
			return nil, refuse(kafka.ErrInvalidRequest, "Each feature may be given once.")
		}
		if err := m.updateFeature(d, f); err != nil {
			return nil, err
		}
	}
	if u.ValidateOnly {
		d.drop()
	}
	return &UpdateFeaturesResult{}, nil
}

func (m *Machine) updateFeature(d *draft, f *FeatureUpdate) *refusal {
	at := slices.IndexFunc(m.cfg.Supported, func(r FeatureRange) bool { return r.Name == f.Name })
	old := d.image.FeatureLevel(f.Name)
	invalid := func(why string) *refusal {
		return refuse(kafka.ErrInvalidUpdateVersion, "Invalid update version "+strconv.Itoa(int(f.Level))+" for feature "+f.Name+". "+why)
	}
	switch {
	case f.Change != Upgrade && f.Change != SafeDowngrade && f.Change != UnsafeDowngrade:
		return invalid("The upgrade type is unknown.")
	case at < 0:
		return invalid("This release does not know the feature.")
	case f.Level < 0 || f.Level > m.cfg.Supported[at].Max || f.Level < m.cfg.Supported[at].Min:
		return invalid("This release knows levels " + strconv.Itoa(int(m.cfg.Supported[at].Min)) + " to " + strconv.Itoa(int(m.cfg.Supported[at].Max)) + ".")
	case f.Change == Upgrade && f.Level < old:
		return invalid("Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.")
	case f.Change != Upgrade && f.Level > old:
		return invalid("Can't upgrade the version of this feature with a downgrade.")
	case f.Level == old:
		return nil
	}
	d.add(&metadata.FeatureLevel{Name: f.Name, Level: f.Level})
	return nil
}
