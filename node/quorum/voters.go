package quorum

import (
	"fmt"
	"net"
	"sort"
	"strconv"
	"strings"
)

// Voter is a configured voter of the metadata quorum.
type Voter struct {
	ID      uint64 // node ID
	Address string // host:port of its transport; empty for a single voter
}

// Voters are the configured voters by rising node ID.
type Voters []Voter

// ParseVoters reads "id@host:port" items, as Kafka's controller.quorum.voters
// has them. No items: self is the only voter. A node that is not among them
// takes part without a vote.
func ParseVoters(items []string, self uint64) (Voters, error) {
	if len(items) == 0 {
		return Voters{{ID: self}}, nil
	}
	var voters Voters
	for _, item := range items {
		id, address, ok := strings.Cut(strings.TrimSpace(item), "@")
		n, err := strconv.ParseUint(id, 10, 31)
		if !ok || err != nil {
			return nil, fmt.Errorf("quorum voter %q is not id@host:port", item)
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("quorum voter %q: %w", item, err)
		}
		voters = append(voters, Voter{ID: n, Address: address})
	}
	sort.Slice(voters, func(i, k int) bool { return voters[i].ID < voters[k].ID })
	for i := 1; i < len(voters); i++ {
		if voters[i].ID == voters[i-1].ID {
			return nil, fmt.Errorf("quorum voter %d stands twice", voters[i].ID)
		}
	}
	return voters, nil
}

// Includes tells whether a node is among the voters.
func (v Voters) Includes(self uint64) bool {
	for _, voter := range v {
		if voter.ID == self {
			return true
		}
	}
	return false
}

// name is a node's logical name: what the engine calls it, whatever its address.
func name(id uint64) string { return fmt.Sprintf("node-%d", id) }

// nodeOf is the ID of the node with a logical name.
func nodeOf(name string) (id int32, ok bool) {
	text, ok := strings.CutPrefix(name, "node-")
	n, err := strconv.ParseInt(text, 10, 32)
	return int32(n), ok && err == nil
}

// replicaID is the first replica ID of a voter. The engine has no replica 0.
func replicaID(id uint64) uint64 { return id + 1 }

// addresses maps logical names to addresses.
func (v Voters) addresses() map[string]string {
	m := make(map[string]string, len(v))
	for _, voter := range v {
		m[name(voter.ID)] = voter.Address
	}
	return m
}

// Listen is the address in the list that a node should listen on.
func (v Voters) Listen(self uint64) string {
	for _, voter := range v {
		if voter.ID == self {
			return voter.Address
		}
	}
	return ""
}
