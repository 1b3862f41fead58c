package oracle

import (
	"fmt"

	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/metadata"
)

// Oracle watches the brokers of one run, whose nodes are numbered from 1.
type Oracle struct {
	minISR int
	disks  func(node int, path string) []byte
	tell   func(Change)

	nodes []node
	parts map[kafka.TopicPartition]*part // looked up only
	index uint64                         // of the newest image
	image *metadata.Image

	// Of the step that is looked at.
	at     int
	broken string
	visit  func(*broker.PartitionView) bool
}

// node is what is known of one broker's machine.
type node struct {
	core *broker.Broker           // its last process
	logs map[kafka.LogID]*replica // looked up only
	// lives are the processes there were. wiped is how many of them there had been when
	// the disk was wiped, cut when the power was cut: until a later one registers, the
	// cluster cannot know. What an earlier one had asked for may come to be meanwhile.
	lives      []kafka.IncarnationID
	wiped, cut int
	hasWiped   bool
	hasCut     bool
	rotten     bool // see Rotten
	life       int  // how many processes there were that did something
}

// Change is something that befell a partition.
type Change struct {
	Partition kafka.TopicPartition
	Topic     string
	Leader    kafka.BrokerID // NoBroker: nobody
	Epoch     int32          // of the leader
	Elected   bool           // the leader epoch is a new one
	InSync    int
	Whole     bool // every replica is in sync
	// LogStart, when above 0, says that Leader has moved the log start to it, with
	// so many Bytes left in its log; nothing else is told then.
	LogStart int64
	Bytes    int64
}

// New makes an oracle. minISR is the effective min ISR of every topic; disks
// reads a file of a node's disk; tell is told what befalls partitions.
func New(nodes, minISR int, disks func(node int, path string) []byte, tell func(Change)) *Oracle {
	o := &Oracle{minISR: minISR, disks: disks, tell: tell, nodes: make([]node, nodes+1), parts: make(map[kafka.TopicPartition]*part)}
	for i := range o.nodes {
		o.nodes[i].logs = make(map[kafka.LogID]*replica)
	}
	o.visit = o.look
	return o
}

// Step looks at a broker after a Step that emitted appends. It returns what
// does not hold, "" for nothing.
func (o *Oracle) Step(at int, b *broker.Broker, appends []disk.Append) string {
	o.at, o.broken = at, ""
	if o.nodes[at].core != b {
		o.nodes[at].core = b
		o.nodes[at].life++
	}
	if im := b.Image(); im.Index() > o.index {
		o.index, o.image = im.Index(), im
		im.EachTopic(func(t *metadata.TopicImage) bool {
			for _, p := range t.Partitions.All {
				o.decided(t.Name, p)
			}
			return true
		})
	}
	for i := range appends {
		o.appended(&appends[i])
	}
	b.Changed(o.visit)
	return o.broken
}

func (o *Oracle) fail(format string, args ...any) {
	if o.broken == "" {
		o.broken = fmt.Sprintf(format, args...)
	}
}

// appended follows what a broker writes.
func (o *Oracle) appended(a *disk.Append) {
	logs := o.nodes[o.at].logs
	r := logs[a.Log]
	if r == nil || a.Kind == disk.EntryCreate { // one that was not durable may have had the same number
		r = &replica{start: int64(a.BaseOffset), end: int64(a.BaseOffset), led: -1}
		logs[a.Log] = r
	}
	switch a.Kind {
	case disk.EntryAppend:
		r.push(entryOf(a.Bytes, int64(a.BaseOffset), int32(a.LeaderEpoch), int64(a.Timestamp)))
	case disk.EntryTruncateTo:
		cut := int64(a.BaseOffset)
		if r.part != nil && cut < min(r.agreed, r.part.end) && o.claimed(r.part) {
			o.fail("O4: node %d cuts %v at %d, and %d has counted", o.at, r.part.tp, cut, min(r.agreed, r.part.end))
		}
		r.cut(cut)
	case disk.EntryLogStart:
		if start := int64(a.BaseOffset); len(r.batches) == 0 && start > r.end {
			r.start, r.end = start, start // begun for a batch that holds its start, and without it yet
		}
	case disk.EntryDelete:
		if p := r.part; p != nil && p.held[o.at] == r && o.claimed(p) && p.mayLead(o.at) && o.image.Topic(p.tp.Topic) != nil && r.end > r.start {
			o.fail("O4: node %d gives up its log of %v with %d records, and may be elected", o.at, p.tp, r.end)
		}
		r.gone = true
	default:
		// The others change no record.
	}
}

// look compares a replica with what has counted.
func (o *Oracle) look(v *broker.PartitionView) bool {
	tp := kafka.TopicPartition{Topic: v.Topic, Partition: v.Partition}
	p := o.part(tp)
	r := o.nodes[o.at].logs[v.Log]
	if r == nil {
		r = &replica{start: int64(v.LogStartOffset), end: int64(v.LogStartOffset), led: -1}
		o.nodes[o.at].logs[v.Log] = r
	}
	if v.Retired {
		return true
	}
	r.part, r.gone, p.thin = p, false, p.thin || v.Compacted
	p.rewritten = max(p.rewritten, int64(v.Rewritten()))
	p.held[o.at] = r
	if r.fenced = v.Fenced; r.end < int64(v.LogEndOffset) && o.nodes[o.at].rotten {
		p.void = true // its disk is the only one to ask what is there, and not to be trusted
	}
	if r.end != int64(v.LogEndOffset) && (!v.Fenced || !o.nodes[o.at].rotten) {
		r.reread(v, func(path string) []byte { return o.disks(o.at, path) })
	}
	if r.life != o.nodes[o.at].life {
		r.life = o.nodes[o.at].life
		o.epochs(v, r)
	}
	r.synced, r.written, r.mode = int64(v.SyncedOffset), int64(v.WrittenOffset), v.Synced
	if v.Fenced || !o.claimed(p) {
		return o.broken == ""
	}
	if epoch := int32(v.LeaderEpoch); v.Leader && epoch != r.led {
		r.led = epoch
		o.leads(p, r, epoch)
	}
	if hw := int64(v.HighWatermark); hw > r.agreed {
		o.counts(p, r, hw, v.Leader, int32(v.LeaderEpoch))
	}
	return o.broken == ""
}

// leads judges a leadership that begins.
func (o *Oracle) leads(p *part, r *replica, epoch int32) {
	if who := p.led(epoch, o.at); who != o.at {
		o.fail("O5: nodes %d and %d lead %v in epoch %d", who, o.at, p.tp, epoch)
		return
	}
	end := p.before(epoch)
	if r.end < end {
		o.fail("O1: node %d leads %v in epoch %d with %d records, and %d have counted", o.at, p.tp, epoch, r.end, end)
		return
	}
	if at := p.differs(r, r.agreed, end); at >= 0 {
		o.fail("O1: node %d leads %v in epoch %d with another record at %d than has counted", o.at, p.tp, epoch, at)
		return
	}
	r.agreed = max(r.agreed, end)
}

// counts judges a high watermark that has moved.
func (o *Oracle) counts(p *part, r *replica, hw int64, leader bool, epoch int32) {
	if at := p.differs(r, r.agreed, min(hw, p.end)); at >= 0 {
		o.fail("O2: below the high watermark %d of %v node %d has another record at %d than has counted", hw, p.tp, o.at, at)
		return
	}
	if hw <= p.end {
		r.agreed = hw
		return
	}
	if !leader {
		o.fail("O3: node %d follows in %v with the high watermark %d, and %d have counted", o.at, p.tp, hw, p.end)
		return
	}
	p.count(r, hw, epoch)
	r.agreed = hw
	o.complete(p)
}

// part returns what is known of a partition.
func (o *Oracle) part(tp kafka.TopicPartition) *part {
	p := o.parts[tp]
	if p == nil {
		p = &part{tp: tp, held: make([]*replica, len(o.nodes)), epoch: -1, leaderEpoch: -1}
		o.parts[tp] = p
	}
	return p
}
