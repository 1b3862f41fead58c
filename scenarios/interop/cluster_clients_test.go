package interop

import (
	"slices"
	"testing"
)

// TestClusterClients has every client write to a topic of three replicas
// through one node and every reader read through others, also after one node
// was killed.
func TestClusterClients(t *testing.T) {
	c := startCluster(t)
	reference := franz()
	wrote := make(map[string][]record)
	list := clients()
	for _, one := range list {
		t.Run(one.name, func(t *testing.T) {
			c.t = t
			topic := "cluster-" + one.name
			c.createTopic(topic, 3)
			want := someRecords(topic, 60, one)
			do(t, one, job{Op: "produce", Address: c.node(), Topic: topic, Partition: 1, Codec: "gzip", Idempotent: one.idempotent, Records: want})
			for i := range want {
				want[i].Offset = int64(i)
			}
			wrote[topic] = want
			for _, reader := range []client{reference, one} {
				if reader.consumes {
					got := do(t, reader, job{Op: "consume", Address: c.node(), Topic: topic, Partition: 1, Count: len(want)})
					sameRecords(t, reader.name, got.Records, want)
				}
			}
		})
	}
	t.Run("kcat", func(t *testing.T) {
		c.t = t
		c.kcat()
	})
	c.t = t
	c.killNode(3)
	c.addrs = c.addrs[:2]
	for _, one := range list {
		t.Run(one.name+" after kill -9 of a node", func(t *testing.T) {
			topic := "cluster-" + one.name
			more := []record{{Offset: 60, Key: []byte("k"), Value: []byte("after"), TimestampMs: 1_700_000_060_000}}
			do(t, one, job{Op: "produce", Address: c.node(), Topic: topic, Partition: 1, Codec: "none", Idempotent: one.idempotent, Records: more})
			want := append(slices.Clone(wrote[topic]), more...)
			got := do(t, reference, job{Op: "consume", Address: c.node(), Topic: topic, Partition: 1, Count: len(want)})
			sameRecords(t, reference.name, got.Records, want)
		})
	}
}

// kcat writes through one node and reads through each.
func (c *cluster) kcat() {
	c.createTopic("lines", 2)
	lines := kcatLines("cluster", 300)
	kcatProduce(c.t, &server{addr: c.node()}, lines, nil)
	for _, addr := range c.addrs {
		checkKcat(c.t, &server{addr: addr}, lines)
	}
}
