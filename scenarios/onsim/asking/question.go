// Package asking draws requests of every kind, in every version, with fields
// that make sense and such that make none, and judges what brokers answer. It
// knows what Kafka documents of each API and what was asked, nothing of brokers.
//
// Read next: question.go, then judge.go.
package asking

import (
	"reflect"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Choose draws below n; zero is the dull value.
type Choose func(n uint64) uint64

// Drawer draws requests.
type Drawer struct {
	Choose Choose
	// Own are topics that nobody misses and whose settings nobody relies on; Seen
	// are others, which are asked about and left alone.
	Own, Seen []string
	Groups    []string
	Member    string     // that a coordinator has named last
	IDs       [][16]byte // of topics, as answers have told them

	reads bool // what is being drawn changes nothing
	sober bool // most of its fields make sense
}

// range of an API's versions, as Kafka 4 has them
type api struct {
	key      int16
	min, max int16
	reads    bool
}

// apis are what is asked. Not among them are Produce and Fetch, which the client
// builds itself, and what brokers say to one another.
var apis = [...]api{
	{2, 1, 11, true}, {3, 0, 13, true}, {8, 2, 10, false}, {9, 1, 10, true}, {10, 0, 6, true},
	{11, 0, 9, false}, {12, 0, 4, false}, {13, 0, 5, false}, {14, 0, 5, false}, {15, 0, 6, true},
	{16, 0, 5, true}, {18, 0, 4, true}, {19, 2, 7, false}, {20, 1, 6, false}, {21, 0, 2, false},
	{22, 0, 5, false}, {23, 2, 4, true}, {32, 1, 4, true}, {33, 0, 2, false}, {35, 1, 4, true},
	{37, 0, 3, false}, {42, 0, 2, false}, {43, 0, 2, false}, {44, 0, 1, false}, {45, 0, 1, false},
	{46, 0, 0, true}, {47, 0, 0, false}, {55, 0, 2, true}, {57, 0, 2, false}, {60, 0, 2, true},
	{64, 0, 0, false}, {68, 0, 1, false}, {69, 0, 1, true}, {74, 0, 1, true}, {75, 0, 0, true},
	{80, 0, 1, false}, {81, 0, 0, false},
}

// Question draws a request.
func (d *Drawer) Question() kmsg.Request {
	a := &apis[d.Choose(uint64(len(apis)))]
	d.reads, d.sober = a.reads, d.Choose(2) == 0
	q := kmsg.RequestForKey(a.key)
	q.SetVersion(a.max - int16(d.Choose(uint64(a.max-a.min+1))))
	d.fill(reflect.ValueOf(q).Elem(), "")
	harmless(q)
	return q
}

// pick draws one of values, of which the first makes most sense.
func pick[T any](d *Drawer, values ...T) T {
	if d.sober && d.Choose(8) > 0 {
		return values[0]
	}
	return values[d.Choose(uint64(len(values)))]
}

func (d *Drawer) fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i).Name; f != "Version" && f != "UnknownTags" {
				d.fill(v.Field(i), f)
			}
		}
	case reflect.Slice:
		d.fillSlice(v, name)
	case reflect.Pointer:
		if d.Choose(4) > 0 || v.Type().Elem().Kind() == reflect.Struct {
			v.Set(reflect.New(v.Type().Elem()))
			d.fill(v.Elem(), name)
		}
	case reflect.String:
		v.SetString(d.text(name))
	case reflect.Bool:
		v.SetBool(d.Choose(2) == 1)
	case reflect.Array:
		id := d.id()
		reflect.Copy(v, reflect.ValueOf(id))
	default:
		if v.CanInt() {
			bits := 64 - v.Type().Bits()
			v.SetInt(d.number(name) << bits >> bits)
		}
	}
}

func (d *Drawer) fillSlice(v reflect.Value, name string) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		v.SetBytes([]byte(pick(d, "plan", "", strings.Repeat("z", 3000))))
		return
	}
	n := pick(d, 1, 2, 0, -1, 1, 1, 5)
	if n < 0 {
		return // null
	}
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		d.fill(v.Index(i), name)
	}
}

func (d *Drawer) id() [16]byte {
	if n := len(d.IDs); n > 0 && d.Choose(3) > 0 {
		return d.IDs[d.Choose(uint64(n))]
	}
	return pick(d, [16]byte{}, [16]byte{1, 2, 3}, [16]byte{15: 1})
}

func (d *Drawer) topic() string {
	if d.reads && len(d.Seen) > 0 && d.Choose(3) == 0 {
		return d.Seen[d.Choose(uint64(len(d.Seen)))]
	}
	if d.Choose(4) > 0 {
		return d.Own[d.Choose(uint64(len(d.Own)))]
	}
	return pick(d, "nobody-has-this", "", "not a/topic", "..", strings.Repeat("t", 300))
}

// text draws a string for a field.
func (d *Drawer) text(name string) string {
	switch name {
	case "Topic", "Topics", "TopicNames", "SubscribedTopicNames":
		return d.topic()
	case "ResourceName":
		if d.Choose(3) > 0 {
			return d.topic()
		}
		return pick(d, "1", "2", "", "99", "broker")
	case "Name", "ConfigNames":
		return pick(d, "retention.ms", "cleanup.policy", "max.message.bytes", "segment.bytes", "compression.type", "message.timestamp.type",
			"retention.bytes", "no.such.setting", "", "min.compaction.lag.ms", "delete.retention.ms", "follower.replication.throttled.replicas")
	case "Value":
		return pick(d, "100000", "compact", "delete", "1048576", "zstd", "LogAppendTime", "-1", "", "1.5", "none", "compact,delete", "0:1,1:2", "9223372036854775808")
	case "Group", "GroupID", "Groups", "CoordinatorKey", "CoordinatorKeys":
		if d.Choose(8) > 0 {
			return d.Groups[d.Choose(uint64(len(d.Groups)))]
		}
		return pick(d, "", "never-heard-of", strings.Repeat("g", 300))
	case "MemberID":
		return pick(d, d.Member, "", d.Member, "nobody")
	case "ProtocolType":
		return pick(d, "consumer", "", "connect")
	case "Protocol", "Protocols":
		return pick(d, "range", "sticky", "")
	case "Feature":
		return pick(d, "metadata.version", "group.version", "kraft.version", "no.such.feature", "")
	case "StatesFilter":
		return pick(d, "Empty", "Stable", "nonsense", "empty")
	case "TypesFilter":
		return pick(d, "classic", "consumer", "share")
	case "SubscribedTopicRegex":
		return pick(d, "asked-.*", "(", "")
	case "ServerAssignor":
		return pick(d, "uniform", "range", "no-such")
	case "TransactionalID":
		return pick(d, "", "transaction")
	default:
		return pick(d, "", "x", strings.Repeat("y", 300))
	}
}

// number draws an integer for a field.
func (d *Drawer) number(name string) int64 {
	switch name {
	case "Partition", "Partitions", "PartitionIndexes":
		return pick[int64](d, 0, 1, 2, -1, 1000, 1<<31-1)
	case "TimeoutMillis", "SessionTimeoutMillis", "RebalanceTimeoutMillis", "TransactionTimeoutMillis":
		return pick[int64](d, 300, 1000, 0, -1, 1<<31-1)
	case "NumPartitions", "Count":
		return pick[int64](d, 2, 1, 3, -1, 0, 1<<31-1)
	case "ReplicationFactor":
		return pick[int64](d, -1, 1, 0, 3, 99)
	case "Replicas":
		return pick[int64](d, 1, 2, 3, 0, -1, 77)
	case "BrokerID", "VoterID":
		return pick[int64](d, 77, -1, 1<<31-1)
	case "ReplicaID":
		return pick[int64](d, -1, -2, 1)
	case "ResourceType", "ResourceTypes":
		return pick[int64](d, 2, 4, 0, 8, 16, 32, 5)
	case "Timestamp":
		return pick[int64](d, -1, -2, -3, -4, -5, -6, 0, 1_700_000_000_000, 1<<62)
	case "MemberEpoch":
		return pick[int64](d, 0, -1, 1, -2, 5, 1<<31-1)
	case "Generation", "LeaderEpoch", "CurrentLeaderEpoch":
		return pick[int64](d, -1, 0, 1, -2, 5, 1<<31-1)
	case "Offset":
		return pick[int64](d, 0, 1, -1, 5, -2, 1<<62)
	case "ElectionType", "IsolationLevel", "Op", "EndpointType", "CoordinatorType", "UpgradeType":
		return pick[int64](d, 0, 1, 2, 3, 7, -1)
	default:
		return pick[int64](d, 0, 1, -1, 2, 100, 1<<31-1)
	}
}

// harmless takes back what would change the cluster that everybody shares: only
// whether such a thing would be allowed is asked.
func harmless(q kmsg.Request) {
	switch q := q.(type) {
	case *kmsg.ElectLeadersRequest:
		if q.Topics == nil {
			q.ElectionType = 0
		}
	case *kmsg.UpdateFeaturesRequest:
		q.ValidateOnly = true
		for i := range q.FeatureUpdates {
			if f := &q.FeatureUpdates[i]; q.Version == 0 && !strings.HasPrefix(f.Feature, "no.") {
				f.Feature = "no.such.feature"
			}
		}
	case *kmsg.AlterConfigsRequest:
		q.ValidateOnly = q.ValidateOnly || slices.ContainsFunc(q.Resources, func(r kmsg.AlterConfigsRequestResource) bool {
			return r.ResourceType != kmsg.ConfigResourceTypeTopic
		})
	case *kmsg.IncrementalAlterConfigsRequest:
		q.ValidateOnly = q.ValidateOnly || slices.ContainsFunc(q.Resources, func(r kmsg.IncrementalAlterConfigsRequestResource) bool {
			return r.ResourceType != kmsg.ConfigResourceTypeTopic
		})
	case *kmsg.CreateTopicsRequest:
		few := func(n int32) int32 { return min(n, 4) }
		for i := range q.Topics {
			if q.Topics[i].NumPartitions < 1<<30 {
				q.Topics[i].NumPartitions = few(q.Topics[i].NumPartitions)
			}
		}
	default:
		// The others reach nothing but what is their own.
	}
}
