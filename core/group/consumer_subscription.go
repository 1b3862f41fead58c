package group

import (
	"encoding/binary"
	"regexp"
	"slices"
	"strings"

	"trialog/core/kafka"
)

// Topics are the topics of the cluster, as the broker knows them when it hands in
// a heartbeat. It is not kept.
type Topics interface {
	// Find returns a topic's ID and how many partitions it has.
	Find(name string) (kafka.TopicID, int32, bool)
	// Name returns the name of a topic that is there.
	Name(id kafka.TopicID) (string, bool)
	// Each shows every name, sorted, until visit returns false.
	Each(visit func(name string) bool)
	// Version rises when topics come or go or get partitions.
	Version() uint64
}

// match finds the topics whose whole name matches an expression of RE2. False: it
// is none.
func match(expression string, topics Topics) ([]string, bool) {
	re, err := regexp.Compile(`^(?:` + expression + `)$`)
	if err != nil {
		return nil, false
	}
	var names []string
	topics.Each(func(name string) bool {
		if re.MatchString(name) {
			names = append(names, name)
		}
		return true
	})
	return names, true
}

// hashTopics makes a number of what bears on the assignment: which topics there
// are, and how many partitions they have (FNV-1a). 0 is of no topics.
func hashTopics(topics []topicKnown) int64 {
	if len(topics) == 0 {
		return 0
	}
	h := uint64(14695981039346656037)
	var b []byte
	for i := range topics {
		t := &topics[i]
		b = append(appendString(b[:0], t.name), t.id[:]...)
		b = binary.BigEndian.AppendUint32(b, uint32(t.partitions))
		for _, c := range b {
			h = (h ^ uint64(c)) * 1099511628211
		}
	}
	return int64(h)
}

// roster is a group with its members as they are to be.
type roster struct {
	members []*memberKept // by ID
	regexes map[string]*ResolvedRegex
}

// reads are the names of the topics that a member subscribes to, sorted.
func (r *roster) reads(p *ConsumerMember) []string {
	resolved := r.regexes[p.Regex]
	if p.Regex == "" || resolved == nil || len(resolved.Topics) == 0 {
		return p.Topics
	}
	all := append(slices.Clone(p.Topics), resolved.Topics...)
	slices.Sort(all)
	return slices.Compact(all)
}

// topics are the topics that are there of those that anybody subscribes to.
func (r *roster) topics(known Topics) []topicKnown {
	var names []string
	for _, p := range r.members {
		names = append(names, r.reads(p.metadata)...)
	}
	slices.Sort(names)
	var all []topicKnown
	for _, name := range slices.Compact(names) {
		if id, partitions, there := known.Find(name); there {
			all = append(all, topicKnown{name, id, partitions})
		}
	}
	return all
}

// problem is what is to be assigned.
func (r *roster) problem(topics []topicKnown) *problem {
	subjects := make([]*subject, len(r.members))
	for i, p := range r.members {
		s := &subject{id: p.id, instance: p.metadata.InstanceID}
		if p.target != nil {
			s.had = p.target.Partitions
		}
		for _, name := range r.reads(p.metadata) {
			if t, there := slices.BinarySearchFunc(topics, name, func(t topicKnown, name string) int { return strings.Compare(t.name, name) }); there {
				s.topics = append(s.topics, t)
			}
		}
		subjects[i] = s
	}
	return newProblem(topics, subjects)
}

// assignor is the one that most members ask for, of equals the first by name, or
// the default where nobody asks.
func (r *roster) assignor(standard string) string {
	votes := make(map[string]int)
	best := ""
	for _, p := range r.members {
		if name := p.metadata.Assignor; name != "" {
			votes[name]++
			if best == "" || votes[name] > votes[best] || votes[name] == votes[best] && name < best {
				best = name
			}
		}
	}
	if best == "" {
		return standard
	}
	return best
}
