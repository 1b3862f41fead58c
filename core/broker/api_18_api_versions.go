package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// The one feature that we finalise: the format of records and metadata. Kafka's
// own features promise what is not here yet.
const (
	featureName        = "trialog.version"
	featureLevel int16 = 1
)

// beginApiVersions tells what we speak. It is answered in every phase.
func (b *Broker) beginApiVersions(r *request) {
	body := r.body.(*kmsg.ApiVersionsRequest)
	resp := kmsg.NewPtrApiVersionsResponse()
	if r.version >= 3 && (!validSoftware(body.ClientSoftwareName) || !validSoftware(body.ClientSoftwareVersion)) {
		resp.ErrorCode = int16(kafka.ErrInvalidRequest)
		b.finish(r, resp)
		return
	}
	resp.ApiKeys = protocol.AppendAPIKeys(resp.ApiKeys)
	if r.version >= 3 {
		supported := kmsg.NewApiVersionsResponseSupportedFeature()
		supported.Name, supported.MinVersion, supported.MaxVersion = featureName, featureLevel, featureLevel
		resp.SupportedFeatures = append(resp.SupportedFeatures, supported)
		image := b.state.Image()
		resp.FinalizedFeaturesEpoch = image.FeatureEpoch()
		for _, f := range image.Features() {
			finalized := kmsg.NewApiVersionsResponseFinalizedFeature()
			finalized.Name, finalized.MaxVersionLevel, finalized.MinVersionLevel = f.Name, f.Level, f.Level
			resp.FinalizedFeatures = append(resp.FinalizedFeatures, finalized)
		}
	}
	b.finish(r, resp)
}

// validSoftware holds client software names to Kafka's pattern (KIP-511):
// letters and digits, with dots and hyphens between them.
func validSoftware(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		inside := i > 0 && i < len(s)-1
		if !letter && (!inside || c != '.' && c != '-') {
			return false
		}
	}
	return s != ""
}
