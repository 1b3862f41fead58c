package broker

import (
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// The kinds of resource that ListConfigResources may ask for besides our own
// (KIP-1142). We keep settings of none of these.
const (
	resourceBrokerLogger  kafka.ConfigResourceType = 8
	resourceClientMetrics kafka.ConfigResourceType = 16
)

// beginListConfigResources names what may have settings. Version 0 asked for
// client metrics only, of which there are none.
func (b *Broker) beginListConfigResources(r *request) {
	body := r.body.(*kmsg.ListConfigResourcesRequest)
	a := kmsg.NewPtrListConfigResourcesResponse()
	add := func(kind kafka.ConfigResourceType, name string) {
		out := kmsg.NewListConfigResourcesResponseConfigResource()
		out.Name, out.Type = name, int8(kind)
		a.ConfigResources = append(a.ConfigResources, out)
	}
	wants := func(kind kafka.ConfigResourceType) bool {
		return r.version > 0 && (len(body.ResourceTypes) == 0 || slices.Contains(body.ResourceTypes, int8(kind)))
	}
	for _, kind := range body.ResourceTypes {
		switch kafka.ConfigResourceType(kind) {
		case kafka.ResourceTopic, kafka.ResourceBroker, kafka.ResourceGroup, resourceBrokerLogger, resourceClientMetrics:
		case kafka.ResourceUnknown:
			fallthrough
		default:
			b.counters.Errors++
			a.ErrorCode = int16(kafka.ErrUnsupportedVersion)
			b.finish(r, a)
			return
		}
	}
	if wants(kafka.ResourceTopic) {
		b.state.Image().EachTopic(func(t *metadata.TopicImage) bool {
			add(kafka.ResourceTopic, t.Name)
			return true
		})
	}
	for _, kind := range [2]kafka.ConfigResourceType{kafka.ResourceBroker, resourceBrokerLogger} {
		if !wants(kind) {
			continue
		}
		for _, k := range b.state.Image().Brokers() {
			add(kind, strconv.Itoa(int(k.ID)))
		}
		if kind == kafka.ResourceBroker {
			add(kind, "")
		}
	}
	if wants(kafka.ResourceGroup) {
		b.state.Image().EachConfig(func(res kafka.ConfigResource, _ kafka.ConfigMap) bool {
			if res.Type == kafka.ResourceGroup {
				add(kafka.ResourceGroup, res.Name)
			}
			return true
		})
	}
	b.finish(r, a)
}
