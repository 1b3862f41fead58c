package node

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strconv"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/node/peering"
)

// peerListenerName is the listener for other brokers. It is the metadata
// quorum's port: both let in only who knows the cluster's secret.
const peerListenerName = "REPLICATION"

// brokerListeners are this node's listeners as the broker knows them. The
// clients' takes no calls between brokers: nobody is authenticated on it.
func (n *Node) brokerListeners() ([]broker.Listener, error) {
	host, port, err := n.advertised()
	if err != nil {
		return nil, err
	}
	all := []broker.Listener{{Name: listenerName, Host: host, Port: port, Security: kafka.Plaintext}}
	address := n.quorumAdvertise()
	if address == "" {
		return all, nil
	}
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("this node's address for other nodes, %q: %w", address, err)
	}
	return append(all, broker.Listener{
		Name: peerListenerName, Host: host, Port: int32(number), Security: kafka.Plaintext, InterBroker: true,
	}), nil
}

// quorumListen is where the port for other nodes is opened; empty: nowhere.
func (n *Node) quorumListen() string {
	if n.config.QuorumListen != "" {
		return n.config.QuorumListen
	}
	return n.voters.Listen(uint64(n.config.NodeID))
}

// quorumAdvertise is where other nodes reach that port.
func (n *Node) quorumAdvertise() string {
	if a := n.voters.Listen(uint64(n.config.NodeID)); a != "" {
		return a
	}
	return n.config.QuorumListen
}

// checkPeers tells what is wrong with what this node is told of others.
func (n *Node) checkPeers() error {
	self := uint64(n.config.NodeID)
	if len(n.voters) == 1 && n.voters.Includes(self) {
		return nil
	}
	if n.config.ClusterSecret == "" {
		return errors.New("a cluster of several nodes needs a secret (cluster-secret), the same on each of them")
	}
	if !n.voters.Includes(self) && n.config.QuorumListen == "" {
		return fmt.Errorf("node %d is none of the quorum's voters, so it needs an address for other nodes (quorum-listen)", n.config.NodeID)
	}
	return nil
}

// servePeer serves another broker's requests until its connection ends. Its
// caller has made sure that it belongs to the cluster.
func (n *Node) servePeer(socket net.Conn, in *bufio.Reader, call peering.Call) {
	if call.Purpose != peering.ForBroker {
		return
	}
	c := n.conns.openPeer(n, socket)
	if c == nil {
		return
	}
	defer n.conns.all.Done()
	defer n.conns.forget(c)
	c.in = in
	c.serve(peerListenerName)
}

// openPeer admits another broker, whatever the number of clients; nil when
// nobody is wanted any more. The caller takes it off all.
func (cs *connections) openPeer(n *Node, socket net.Conn) *connection {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.shut {
		return nil
	}
	c := newConnection(n, socket)
	c.peer = true
	cs.add(c)
	cs.all.Add(1)
	return c
}
