package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// localPlan is what nodes of one machine must agree on, kept beside their data.
type localPlan struct {
	Secret string       `json:"secret"`
	Nodes  []localPlace `json:"nodes"`
}

// localPlace is where a node is reached.
type localPlace struct {
	ID     int    `json:"node_id"`
	Listen string `json:"listen"` // by clients
	Quorum string `json:"quorum"` // by other nodes
}

// planLocal reads the plan of a directory, or makes one, and gives n nodes
// ports that are free. Nodes know each other by name, so ports may change.
func planLocal(dir string, n, port int) (*localPlan, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "cluster.json")
	var plan localPlan
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		var secret [24]byte
		if _, err := rand.Read(secret[:]); err != nil {
			return nil, err
		}
		plan.Secret = hex.EncodeToString(secret[:])
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(b, &plan); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if founded := len(plan.Nodes); founded > n {
		return nil, usage{fmt.Errorf("the cluster in %s has %d nodes", dir, founded)}
	}
	for i := len(plan.Nodes); i < n; i++ {
		plan.Nodes = append(plan.Nodes, localPlace{ID: i + 1})
	}
	if err := plan.choosePorts(port); err != nil {
		return nil, err
	}
	if b, err = json.MarshalIndent(&plan, "", "  "); err != nil {
		return nil, err
	}
	return &plan, os.WriteFile(file, append(b, '\n'), 0o600)
}

// choosePorts gives every node its ports: for clients those from first on, for
// other nodes those of the last run, as far as they are free.
func (plan *localPlan) choosePorts(first int) error {
	var held []net.Listener // so that no port is chosen twice
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	take := func(address string) (string, error) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return "", err
		}
		held = append(held, l)
		return l.Addr().String(), nil
	}
	for i := range plan.Nodes {
		p := &plan.Nodes[i]
		wanted := "127.0.0.1:0"
		if first > 0 {
			wanted = net.JoinHostPort("127.0.0.1", strconv.Itoa(first+i))
		}
		listen, err := take(wanted)
		if err != nil {
			return fmt.Errorf("node %d: %w; --port chooses others", p.ID, err)
		}
		p.Listen = listen
		if p.Quorum != "" {
			if _, err := take(p.Quorum); err == nil {
				continue
			}
		}
		if p.Quorum, err = take("127.0.0.1:0"); err != nil {
			return err
		}
	}
	return nil
}

// voters is the list of the metadata quorum's voters.
func (plan *localPlan) voters(n int) string {
	var items []string
	for _, p := range plan.Nodes[:n] {
		items = append(items, fmt.Sprintf("%d@%s", p.ID, p.Quorum))
	}
	return strings.Join(items, ",")
}
