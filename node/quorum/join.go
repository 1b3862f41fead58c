package quorum

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"trialog/core/kafka"
	port "trialog/core/quorum"
	"trialog/node/peering"
)

// joinTimeout bounds one question for a replica ID: the answer waits for a commit.
const joinTimeout = 10 * time.Second

// joinQuestion is a port.Join on the wire, with where the node is reached.
type joinQuestion struct {
	Node      int32  `json:"node"`
	Directory string `json:"directory"`
	Address   string `json:"address"`
}

// joinAnswer is a port.Joined on the wire. Refused is empty when a replica was given.
type joinAnswer struct {
	Replica    uint64            `json:"replica,omitempty"`
	Refused    string            `json:"refused,omitempty"`
	Controller string            `json:"controller,omitempty"` // logical name of whom to ask; it may be nobody's
	Addresses  map[string]string `json:"addresses"`
}

// join asks the cluster for a replica ID until it gives one, and keeps it. A
// repeated question under the same directory gets the same answer.
func join(c *Config, t *transport, id *identity) error {
	for waited := 0; ; waited++ {
		replica, err := askAround(t, id)
		if err == nil {
			id.ReplicaID, id.Joined, id.Formed, id.Voters = replica, true, true, nil
			c.Log.Info("joined the metadata quorum", "replica", id.ReplicaID)
			return writeIdentity(c, id)
		}
		if waited%50 == 0 {
			c.Log.Info("waiting to be given a replica of the metadata quorum", "why", err)
		}
		select {
		case <-c.stopped():
			return context.Canceled
		case <-time.After(formEvery):
		}
	}
}

// askAround asks every node that is known, and whom they point to.
func askAround(t *transport, id *identity) (replica uint64, err error) {
	err = errors.New("no other node is known")
	asked := make(map[string]bool)
	queue := slices.Sorted(maps.Keys(t.book.all()))
	for len(queue) > 0 {
		target := queue[0]
		queue = queue[1:]
		if asked[target] {
			continue
		}
		asked[target] = true
		answer, failed := t.askToJoin(target, id)
		if failed != nil {
			err = failed
			continue
		}
		t.book.learn(answer.Addresses)
		if answer.Refused == "" {
			return answer.Replica, nil
		}
		err = fmt.Errorf("%s: %s", target, answer.Refused)
		if len(t.book.of(answer.Controller)) > 0 {
			queue = append([]string{answer.Controller}, queue...)
		}
	}
	return 0, err
}

// askToJoin asks one node.
func (t *transport) askToJoin(target string, id *identity) (joinAnswer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), joinTimeout)
	defer cancel()
	l, err := t.connect(ctx, target, peering.ForJoining)
	if err != nil {
		return joinAnswer{}, err
	}
	defer l.Close()
	question, err := json.Marshal(joinQuestion{Node: int32(t.self), Directory: id.Nonce, Address: t.advertised})
	if err != nil {
		return joinAnswer{}, err
	}
	if err := l.send(kindJoin, question); err != nil {
		return joinAnswer{}, err
	}
	if err := l.conn.SetReadDeadline(time.Now().Add(joinTimeout)); err != nil {
		return joinAnswer{}, err
	}
	kind, payload, err := l.read()
	if err != nil {
		return joinAnswer{}, err
	}
	var answer joinAnswer
	if err := json.Unmarshal(payload, &answer); kind != kindJoined || err != nil {
		return joinAnswer{}, errors.New("not an answer of a metadata quorum")
	}
	return answer, nil
}

// serveJoin answers a node that wants a replica.
func (t *transport) serveJoin(conn net.Conn, in *bufio.Reader, caller string) error {
	l := &link{conn: conn, reader: in}
	if err := conn.SetReadDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	kind, payload, err := l.read()
	if err != nil {
		return err
	}
	var q joinQuestion
	if err := json.Unmarshal(payload, &q); kind != kindJoin || err != nil || name(uint64(q.Node)) != caller {
		return errors.New("not a question of a node that joins")
	}
	directory, err := hex.DecodeString(q.Directory)
	if err != nil || len(directory) != len(kafka.DirectoryID{}) {
		return errors.New("a node that joins names no directory")
	}
	t.book.learn(map[string]string{caller: q.Address})
	b, err := json.Marshal(t.answerJoin(&port.Join{Node: kafka.BrokerID(q.Node), Directory: kafka.DirectoryID(directory)}))
	if err != nil {
		return err
	}
	return l.send(kindJoined, b)
}

func (t *transport) answerJoin(q *port.Join) joinAnswer {
	answer := joinAnswer{Addresses: t.book.all()}
	answer.Addresses[t.name] = t.advertised
	if t.joins == nil {
		answer.Refused = "this node has no controller to ask"
		return answer
	}
	ctx, cancel := context.WithTimeout(context.Background(), joinTimeout)
	defer cancel()
	joined, err := t.joins(ctx, q)
	switch {
	case err != nil:
		answer.Refused = err.Error()
	case !joined.Error.OK():
		answer.Refused = joined.Error.String() + ": " + joined.Message
		answer.Controller = fmt.Sprintf("node-%d", joined.Controller)
	default:
		answer.Replica = uint64(joined.Replica)
	}
	return answer
}
