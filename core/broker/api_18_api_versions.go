package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/protocol"
)

// supportedFeatures lists the features of which this release knows a level: our
// own, the format of records and metadata; and of Kafka's those that promise
// nothing that is not here. A new cluster begins with the highest of each.
func supportedFeatures() []controller.FeatureRange {
	return []controller.FeatureRange{
		{Name: "eligible.leader.replicas.version", Min: 1, Max: 1}, // KIP-966
		{Name: "group.version", Min: 1, Max: 1},                    // KIP-848
		{Name: "kraft.version", Min: 1, Max: 1},                    // KIP-853: voters come and go
		{Name: "metadata.version", Min: 25, Max: 25},               // as of Kafka 4.0
		{Name: "trialog.version", Min: 1, Max: 1},
	}
}

func newClusterFeatures() (levels []metadata.FeatureLevel) {
	for _, f := range supportedFeatures() {
		levels = append(levels, metadata.FeatureLevel{Name: f.Name, Level: f.Max})
	}
	return levels
}

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
		for _, f := range supportedFeatures() {
			supported := kmsg.NewApiVersionsResponseSupportedFeature()
			supported.Name, supported.MinVersion, supported.MaxVersion = f.Name, f.Min, f.Max
			resp.SupportedFeatures = append(resp.SupportedFeatures, supported)
		}
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
