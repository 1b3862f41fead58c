package protocol

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

// API keys that we speak, by Kafka's numbers.
const (
	KeyProduce                     int16 = 0
	KeyFetch                       int16 = 1
	KeyListOffsets                 int16 = 2
	KeyMetadata                    int16 = 3
	KeyOffsetCommit                int16 = 8
	KeyOffsetFetch                 int16 = 9
	KeyFindCoordinator             int16 = 10
	KeyJoinGroup                   int16 = 11
	KeyHeartbeat                   int16 = 12
	KeyLeaveGroup                  int16 = 13
	KeySyncGroup                   int16 = 14
	KeyDescribeGroups              int16 = 15
	KeyListGroups                  int16 = 16
	KeyApiVersions                 int16 = 18
	KeyCreateTopics                int16 = 19
	KeyDeleteTopics                int16 = 20
	KeyDeleteRecords               int16 = 21
	KeyInitProducerID              int16 = 22
	KeyOffsetForLeaderEpoch        int16 = 23
	KeyDescribeConfigs             int16 = 32
	KeyAlterConfigs                int16 = 33
	KeyDescribeLogDirs             int16 = 35
	KeyCreatePartitions            int16 = 37
	KeyDeleteGroups                int16 = 42
	KeyElectLeaders                int16 = 43
	KeyIncrementalAlterConfigs     int16 = 44
	KeyAlterPartitionReassignments int16 = 45
	KeyListPartitionReassignments  int16 = 46
	KeyOffsetDelete                int16 = 47
	KeyDescribeQuorum              int16 = 55
	KeyAlterPartition              int16 = 56
	KeyUpdateFeatures              int16 = 57
	KeyEnvelope                    int16 = 58
	KeyDescribeCluster             int16 = 60
	KeyBrokerRegistration          int16 = 62
	KeyBrokerHeartbeat             int16 = 63
	KeyUnregisterBroker            int16 = 64
	KeyAllocateProducerIDs         int16 = 67
	KeyConsumerGroupHeartbeat      int16 = 68
	KeyConsumerGroupDescribe       int16 = 69
	KeyAssignReplicasToDirs        int16 = 73
	KeyListConfigResources         int16 = 74
	KeyDescribeTopicPartitions     int16 = 75
	KeyAddRaftVoter                int16 = 80
	KeyRemoveRaftVoter             int16 = 81
)

// API is a row of the version table.
type API struct {
	Key  int16
	Name string
	// Min and Max are the versions that we decode and answer.
	Min, Max int16
	// AdvertisedMin is what ApiVersions says instead of Min: lower where old
	// clients would otherwise switch features off (KAFKA-18659).
	AdvertisedMin int16
	// FlexibleFrom is the first version with compact types and tagged fields
	// (KIP-482).
	FlexibleFrom int16
	// Listed: the API works and ApiVersions advertises it. A request for a key
	// that is neither listed nor internal is refused like an unknown one.
	Listed bool
	// Internal: brokers speak it with one another. It is decoded, and never
	// advertised.
	Internal bool
	// Shape describes the request body for the check that precedes kmsg's
	// decoder; see shape.go. Empty where the codec is our own.
	Shape string
}

// apis is the version table, by rising key. ApiVersions answers from it and
// nothing else decides what we speak.
var apis = [...]API{
	{Key: KeyProduce, Name: "Produce", Min: 3, Max: 13, AdvertisedMin: 0, FlexibleFrom: 9, Listed: true},
	{Key: KeyFetch, Name: "Fetch", Min: 4, Max: 18, AdvertisedMin: 4, FlexibleFrom: 12, Listed: true},
	{Key: KeyListOffsets, Name: "ListOffsets", Min: 1, Max: 11, AdvertisedMin: 1, FlexibleFrom: 6, Listed: true, Shape: "4 @2+1 [ s [ 4 @4+4 8 ] ] @10+4"},
	{Key: KeyMetadata, Name: "Metadata", Min: 0, Max: 13, AdvertisedMin: 0, FlexibleFrom: 9, Listed: true, Shape: "[ @10+16 s ] @4+1 @8-10:1 @8+1"},
	{Key: KeyOffsetCommit, Name: "OffsetCommit", Min: 2, Max: 10, AdvertisedMin: 2, FlexibleFrom: 8, Listed: true, Shape: "s 4 s @7+s @2-4:8 [ @2-9:s @10+16 [ 4 8 @6+4 s ] ]"},
	{Key: KeyOffsetFetch, Name: "OffsetFetch", Min: 1, Max: 10, AdvertisedMin: 1, FlexibleFrom: 6, Listed: true, Shape: "@1-7:s @1-7:[ s { 4 } ] @8+[ s @9+s @9+4 [ @8-9:s @10+16 { 4 } ] ] @7+1"},
	{Key: KeyFindCoordinator, Name: "FindCoordinator", Min: 0, Max: 6, AdvertisedMin: 0, FlexibleFrom: 3, Listed: true, Shape: "@0-3:s @1+1 @4+{ s }"},
	{Key: KeyJoinGroup, Name: "JoinGroup", Min: 0, Max: 9, AdvertisedMin: 0, FlexibleFrom: 6, Listed: true, Shape: "s 4 @1+4 s @5+s s [ s b ] @8+s"},
	{Key: KeyHeartbeat, Name: "Heartbeat", Min: 0, Max: 4, AdvertisedMin: 0, FlexibleFrom: 4, Listed: true, Shape: "s 4 s @3+s"},
	{Key: KeyLeaveGroup, Name: "LeaveGroup", Min: 0, Max: 5, AdvertisedMin: 0, FlexibleFrom: 4, Listed: true, Shape: "s @0-2:s @3+[ s s @5+s ]"},
	{Key: KeySyncGroup, Name: "SyncGroup", Min: 0, Max: 5, AdvertisedMin: 0, FlexibleFrom: 4, Listed: true, Shape: "s 4 s @3+s @5+s @5+s [ s b ]"},
	{Key: KeyDescribeGroups, Name: "DescribeGroups", Min: 0, Max: 6, AdvertisedMin: 0, FlexibleFrom: 5, Listed: true, Shape: "{ s } @3+1"},
	{Key: KeyListGroups, Name: "ListGroups", Min: 0, Max: 5, AdvertisedMin: 0, FlexibleFrom: 3, Listed: true, Shape: "@4+{ s } @5+{ s }"},
	{Key: KeyApiVersions, Name: "ApiVersions", Min: 0, Max: 4, AdvertisedMin: 0, FlexibleFrom: 3, Listed: true, Shape: "@3+s @3+s"},
	{Key: KeyCreateTopics, Name: "CreateTopics", Min: 2, Max: 7, AdvertisedMin: 2, FlexibleFrom: 5, Listed: true, Shape: "[ s 4 2 [ 4 { 4 } ] [ s s ] ] 4 1"},
	{Key: KeyDeleteTopics, Name: "DeleteTopics", Min: 1, Max: 6, AdvertisedMin: 1, FlexibleFrom: 4, Listed: true, Shape: "@0-5:{ s } @6+[ s 16 ] 4"},
	{Key: KeyDeleteRecords, Name: "DeleteRecords", Min: 0, Max: 2, AdvertisedMin: 0, FlexibleFrom: 2, Listed: true, Shape: "[ s [ 4 8 ] ] 4"},
	{Key: KeyInitProducerID, Name: "InitProducerId", Min: 0, Max: 5, AdvertisedMin: 0, FlexibleFrom: 2, Listed: true, Shape: "s 4 @3+8 @3+2"},
	{Key: KeyOffsetForLeaderEpoch, Name: "OffsetForLeaderEpoch", Min: 2, Max: 4, AdvertisedMin: 2, FlexibleFrom: 4, Listed: true, Shape: "@3+4 [ s [ 4 4 4 ] ]"},
	{Key: KeyDescribeConfigs, Name: "DescribeConfigs", Min: 1, Max: 4, AdvertisedMin: 1, FlexibleFrom: 4, Listed: true, Shape: "[ 1 s { s } ] 1 @3+1"},
	{Key: KeyAlterConfigs, Name: "AlterConfigs", Min: 0, Max: 2, AdvertisedMin: 0, FlexibleFrom: 2, Listed: true, Shape: "[ 1 s [ s s ] ] 1"},
	{Key: KeyDescribeLogDirs, Name: "DescribeLogDirs", Min: 1, Max: 4, AdvertisedMin: 1, FlexibleFrom: 2, Listed: true, Shape: "[ s { 4 } ]"},
	{Key: KeyCreatePartitions, Name: "CreatePartitions", Min: 0, Max: 3, AdvertisedMin: 0, FlexibleFrom: 2, Listed: true, Shape: "[ s 4 [ { 4 } ] ] 4 1"},
	{Key: KeyDeleteGroups, Name: "DeleteGroups", Min: 0, Max: 2, AdvertisedMin: 0, FlexibleFrom: 2, Listed: true, Shape: "{ s }"},
	{Key: KeyElectLeaders, Name: "ElectLeaders", Min: 0, Max: 2, AdvertisedMin: 0, FlexibleFrom: 2, Listed: true, Shape: "@1+1 [ s { 4 } ] 4"},
	{Key: KeyIncrementalAlterConfigs, Name: "IncrementalAlterConfigs", Min: 0, Max: 1, AdvertisedMin: 0, FlexibleFrom: 1, Listed: true, Shape: "[ 1 s [ s 1 s ] ] 1"},
	{Key: KeyAlterPartitionReassignments, Name: "AlterPartitionReassignments", Min: 0, Max: 1, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "4 @1+1 [ s [ 4 { 4 } ] ]"},
	{Key: KeyListPartitionReassignments, Name: "ListPartitionReassignments", Min: 0, Max: 0, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "4 [ s { 4 } ]"},
	{Key: KeyOffsetDelete, Name: "OffsetDelete", Min: 0, Max: 0, AdvertisedMin: 0, FlexibleFrom: 1, Listed: true, Shape: "s [ s [ 4 ] ]"},
	{Key: KeyDescribeQuorum, Name: "DescribeQuorum", Min: 0, Max: 2, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "[ s [ 4 ] ]"},
	{Key: KeyAlterPartition, Name: "AlterPartition", Min: 3, Max: 3, FlexibleFrom: 0, Internal: true, Shape: "4 8 [ 16 [ 4 4 [ 4 8 ] 1 4 ] ]"},
	{Key: KeyUpdateFeatures, Name: "UpdateFeatures", Min: 0, Max: 2, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "4 [ s 2 @0-0:1 @1+1 ] @1+1"},
	{Key: KeyEnvelope, Name: "Envelope", Min: 0, Max: 0, FlexibleFrom: 0, Internal: true, Shape: "s s s"},
	{Key: KeyDescribeCluster, Name: "DescribeCluster", Min: 0, Max: 2, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "1 @1+1 @2+1"},
	{Key: KeyBrokerRegistration, Name: "BrokerRegistration", Min: 4, Max: 4, FlexibleFrom: 0, Internal: true, Shape: "4 s 16 [ s s 2 2 ] [ s 2 2 ] s 1 { 16 } 8"},
	{Key: KeyBrokerHeartbeat, Name: "BrokerHeartbeat", Min: 0, Max: 1, FlexibleFrom: 0, Internal: true, Shape: "4 8 8 1 1"},
	{Key: KeyUnregisterBroker, Name: "UnregisterBroker", Min: 0, Max: 0, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "4"},
	{Key: KeyAllocateProducerIDs, Name: "AllocateProducerIds", Min: 0, Max: 0, FlexibleFrom: 0, Internal: true, Shape: "4 8"},
	{Key: KeyConsumerGroupHeartbeat, Name: "ConsumerGroupHeartbeat", Min: 0, Max: 1, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "s s 4 s s 4 { s } @1+s s [ 16 { 4 } ]"},
	{Key: KeyConsumerGroupDescribe, Name: "ConsumerGroupDescribe", Min: 0, Max: 1, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "{ s } 1"},
	{Key: KeyAssignReplicasToDirs, Name: "AssignReplicasToDirs", Min: 0, Max: 0, FlexibleFrom: 0, Internal: true, Shape: "4 8 [ 16 [ 16 [ 4 ] ] ]"},
	{Key: KeyListConfigResources, Name: "ListConfigResources", Min: 0, Max: 1, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "@1+{ 1 }"},
	{Key: KeyDescribeTopicPartitions, Name: "DescribeTopicPartitions", Min: 0, Max: 0, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "[ s ] 4 < s 4 >"},
	{Key: KeyAddRaftVoter, Name: "AddRaftVoter", Min: 0, Max: 1, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "s 4 4 16 [ s s 2 ] @1+1"},
	{Key: KeyRemoveRaftVoter, Name: "RemoveRaftVoter", Min: 0, Max: 0, AdvertisedMin: 0, FlexibleFrom: 0, Listed: true, Shape: "s 4 16"},
}

// LookupAPI returns the row of a key; false for a key outside the table.
func LookupAPI(key int16) (API, bool) {
	for i := range apis {
		if apis[i].Key == key {
			return apis[i], true
		}
	}
	return API{}, false
}

// APIs calls yield with every row by rising key until it returns false.
func APIs(yield func(API) bool) {
	for i := range apis {
		if !yield(apis[i]) {
			return
		}
	}
}

// SupportedVersion tells whether we decode and answer a key at a version.
func SupportedVersion(key, version int16) bool {
	for i := range apis {
		if apis[i].Key == key {
			return (apis[i].Listed || apis[i].Internal) && version >= apis[i].Min && version <= apis[i].Max
		}
	}
	return false
}

// APIName names a key as Kafka does, "Unknown" outside the table.
func APIName(key int16) string {
	for i := range apis {
		if apis[i].Key == key {
			return apis[i].Name
		}
	}
	return "Unknown"
}

// AppendAPIKeys appends what ApiVersions says of every listed key.
func AppendAPIKeys(dst []kmsg.ApiVersionsResponseApiKey) []kmsg.ApiVersionsResponseApiKey {
	for i := range apis {
		if apis[i].Listed {
			dst = append(dst, advertised(i))
		}
	}
	return dst
}

// UnsupportedApiVersions is the body that answers an ApiVersions request of a
// version that we do not know: UNSUPPORTED_VERSION and the range of key 18
// itself (KIP-511). AppendResponse encodes it as version 0.
func UnsupportedApiVersions() *kmsg.ApiVersionsResponse {
	r := kmsg.NewPtrApiVersionsResponse()
	r.ErrorCode = int16(kafka.ErrUnsupportedVersion)
	for i := range apis {
		if apis[i].Key == KeyApiVersions {
			r.ApiKeys = append(r.ApiKeys, advertised(i))
		}
	}
	return r
}

// advertised builds the ApiVersions entry of row i.
func advertised(i int) kmsg.ApiVersionsResponseApiKey {
	k := kmsg.NewApiVersionsResponseApiKey()
	k.ApiKey, k.MinVersion, k.MaxVersion = apis[i].Key, apis[i].AdvertisedMin, apis[i].Max
	return k
}

// flexible tells whether a key's body uses compact types at a version. Keys
// outside the table are taken as inflexible.
func flexible(key, version int16) bool {
	for i := range apis {
		if apis[i].Key == key {
			return version >= apis[i].FlexibleFrom
		}
	}
	return false
}
