package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginUpdateFeatures hands the features that shall have another level to the controller.
func (b *Broker) beginUpdateFeatures(r *request) {
	body := r.body.(*kmsg.UpdateFeaturesRequest)
	c := &controller.UpdateFeatures{ValidateOnly: r.version > 0 && body.ValidateOnly}
	for i := range body.FeatureUpdates {
		q := &body.FeatureUpdates[i]
		kind := controller.Upgrade
		if r.version > 0 {
			kind = controller.FeatureChange(q.UpgradeType)
		} else if q.AllowDowngrade {
			kind = controller.SafeDowngrade
		}
		c.Updates = append(c.Updates, controller.FeatureUpdate{Name: q.Feature, Level: q.MaxVersionLevel, Change: kind})
	}
	b.askController(r, c, body.TimeoutMillis)
}

// updateFeaturesReply: all updates are taken or none, and from version 2 on the
// answer no longer names each.
func updateFeaturesReply(r *request, result *controller.Result) protocol.Body {
	body := r.body.(*kmsg.UpdateFeaturesRequest)
	a := kmsg.NewPtrUpdateFeaturesResponse()
	a.ErrorCode, a.ErrorMessage = int16(result.Error), message(result, "")
	if r.version > 1 || result.Error != kafka.None {
		return a
	}
	for i := range body.FeatureUpdates {
		out := kmsg.NewUpdateFeaturesResponseResult()
		out.Feature = body.FeatureUpdates[i].Feature
		a.Results = append(a.Results, out)
	}
	return a
}
