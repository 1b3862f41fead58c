package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// spoken are the APIs that the client uses; a slot is an index into it.
var spoken = [...]int16{
	protocol.KeyProduce, protocol.KeyFetch, protocol.KeyListOffsets, protocol.KeyMetadata, protocol.KeyApiVersions,
	protocol.KeyCreateTopics, protocol.KeyDeleteTopics, protocol.KeyInitProducerID, protocol.KeyCreatePartitions,
	protocol.KeyIncrementalAlterConfigs, protocol.KeyAlterPartitionReassignments, protocol.KeyElectLeaders,
	protocol.KeyAddRaftVoter, protocol.KeyRemoveRaftVoter,
	protocol.KeyFindCoordinator, protocol.KeyJoinGroup, protocol.KeySyncGroup, protocol.KeyHeartbeat, protocol.KeyLeaveGroup,
	protocol.KeyOffsetCommit, protocol.KeyOffsetFetch,
	protocol.KeyDeleteRecords,
	protocol.KeyConsumerGroupHeartbeat,
}

// OfGroups tells whether an API is spoken by members of groups only.
func OfGroups(key int16) bool {
	return key >= protocol.KeyOffsetCommit && key <= protocol.KeySyncGroup || key == protocol.KeyConsumerGroupHeartbeat
}

// Spoken lists the APIs that a client uses.
func Spoken() [len(spoken)]int16 { return spoken }

const slotApiVersions = 4

// capVersions is the newest version of each spoken API that a configuration allows.
func capVersions(caps []VersionCap) (v [len(spoken)]int16) {
	for i, key := range spoken {
		a, _ := protocol.LookupAPI(key)
		v[i] = a.Max
		for _, cap := range caps {
			if cap.Key == key {
				v[i] = max(a.Min, min(a.Max, cap.Max))
			}
		}
	}
	return v
}

// version is what a connection speaks of a key; false: broker and client have
// no version in common.
func (n *conn) version(key int16) (int16, bool) {
	for i := range spoken {
		if spoken[i] == key {
			return n.versions[i], n.versions[i] >= 0
		}
	}
	return -1, false
}

// negotiate asks a broker what it speaks, the first request on any connection.
func (c *Client) negotiate(n *conn, version int16, out *Effects) {
	q := kmsg.NewPtrApiVersionsRequest()
	q.ClientSoftwareName, q.ClientSoftwareVersion = "trialog-client", "1"
	c.send(n, protocol.KeyApiVersions, version, q, out)
}

// negotiated settles the versions of a connection. A broker that does not know
// our version of the question says what it knows, in version 0 (KIP-511).
func (c *Client) negotiated(n *conn, asked int16, body protocol.Body, out *Effects) {
	a, ok := body.(*kmsg.ApiVersionsResponse)
	if !ok {
		c.hangUp(n, ReasonMalformed, out)
		return
	}
	if kafka.ErrorCode(a.ErrorCode) == kafka.ErrUnsupportedVersion && asked > 0 {
		again := int16(0)
		for i := range a.ApiKeys {
			if k := &a.ApiKeys[i]; k.ApiKey == protocol.KeyApiVersions {
				again = max(0, min(k.MaxVersion, asked-1))
			}
		}
		c.negotiate(n, again, out)
		return
	}
	if kafka.ErrorCode(a.ErrorCode) != kafka.None {
		c.hangUp(n, ReasonVersion, out)
		return
	}
	for i, key := range spoken {
		n.versions[i] = -1
		own, _ := protocol.LookupAPI(key)
		for j := range a.ApiKeys {
			k := &a.ApiKeys[j]
			if top := min(c.caps[i], k.MaxVersion); k.ApiKey == key && top >= max(own.Min, k.MinVersion) {
				n.versions[i] = top
				if top < min(own.Max, k.MaxVersion) {
					out.Watch.Reached(must.OldVersionSpoken)
				}
			}
		}
	}
	n.state = ready
}
