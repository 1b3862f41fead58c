package choice

import "trialog/core/kafka"

// Override fixes the value of one draw.
type Override struct {
	Stream  StreamID
	Site    Site
	Ordinal uint32 // counted from 0 per stream and site; Every: all that no other override names
	Value   uint64 // taken modulo the draw's n
}

// Every stands for all draws of a stream at a site, however many there will be. An
// override of every draw still says the same when the code beneath a tape has changed
// and draws more often, or less.
const Every = ^uint32(0)

// Source hands out the streams of one run.
type Source struct {
	even      bool
	seed      uint64
	overrides map[overrideKey]*override
	touched   map[StreamID]bool // streams that have overrides
	streams   []*Stream         // by creation
	watch     *[]Override
}

type overrideKey struct {
	stream  StreamID
	site    Site
	ordinal uint32
}

type override struct {
	value uint64
	used  bool
}

// NewSource starts a run. Overrides may be nil.
func NewSource(seed uint64, overrides []Override) *Source {
	s := &Source{seed: seed}
	if len(overrides) > 0 {
		s.overrides = make(map[overrideKey]*override, len(overrides))
		s.touched = make(map[StreamID]bool)
	}
	for _, o := range overrides {
		s.overrides[overrideKey{o.Stream, o.Site, o.Ordinal}] = &override{value: o.Value}
		s.touched[o.Stream] = true
	}
	return s
}

// NewEven starts a run without randomness: every draw that is not overridden is
// dull, but that applications do the least there is to do (AppOp gives one), and
// that seeds of machines differ from one another.
func NewEven(overrides []Override) *Source {
	s := NewSource(0, overrides)
	s.even = true
	return s
}

// Seed is the seed the run was started with.
func (s *Source) Seed() uint64 { return s.seed }

// Stream makes a stream. A run makes each stream once, in a fixed order.
func (s *Source) Stream(kind Kind, index int) *Stream {
	id := ID(kind, index)
	t := &Stream{id: id, base: kafka.Mix64(s.seed ^ kafka.Mix64(uint64(id)+0x51ed2701)), source: s, altered: s.touched[id]}
	s.streams = append(s.streams, t)
	return t
}

// Stream is one decider's sequence of draws.
type Stream struct {
	id      StreamID
	base    uint64
	source  *Source
	altered bool // some override names this stream
	counts  [SiteCount]uint32
}

// ID names the stream.
func (t *Stream) ID() StreamID { return t.id }

// Choose returns a value in [0, n), 0 being the dull one. n must be at least 1;
// a draw with n = 1 counts like any other.
func (t *Stream) Choose(site Site, n uint64) uint64 {
	ordinal := t.counts[site]
	t.counts[site] = ordinal + 1
	var v uint64
	if o := t.override(site, ordinal); o != nil {
		o.used = true
		v = o.value % n
	} else if t.source.even && site != EntropySeed {
		if site == AppOp {
			v = 1 % n
		}
	} else {
		v = kafka.Mix64(t.base+uint64(site)<<40+uint64(ordinal)*0x9e3779b97f4a7c15) % n
	}
	if v != 0 && t.source.watch != nil {
		*t.source.watch = append(*t.source.watch, Override{t.id, site, ordinal, v})
	}
	return v
}

func (t *Stream) override(site Site, ordinal uint32) *override {
	if !t.altered {
		return nil
	}
	if o := t.source.overrides[overrideKey{t.id, site, ordinal}]; o != nil {
		return o
	}
	return t.source.overrides[overrideKey{t.id, site, Every}]
}

// Chance is true in ppm of a million draws; the dull value is false.
func (t *Stream) Chance(site Site, ppm uint64) bool {
	const million = 1_000_000
	return t.Choose(site, million) >= million-min(ppm, million)
}

// Between returns a value in [low, high]; the dull value is low.
func (t *Stream) Between(site Site, low, high int64) int64 {
	if high <= low {
		t.Choose(site, 1)
		return low
	}
	return low + int64(t.Choose(site, uint64(high-low)+1))
}

// Draws is how often the stream was drawn from, over all sites.
func (t *Stream) Draws() uint64 {
	var n uint64
	for _, c := range t.counts {
		n += uint64(c)
	}
	return n
}

// Counts returns the number of draws at each site.
func (t *Stream) Counts() *[SiteCount]uint32 { return &t.counts }

// Streams lists the streams by creation.
func (s *Source) Streams() []*Stream { return s.streams }

// Record appends every draw from now on whose value is not zero to list. It is
// what shrinking starts from; ordinary runs leave it off.
func (s *Source) Record(list *[]Override) { s.watch = list }

// Unused lists the overrides of given that no draw consumed. That there was nothing to
// make dull is not worth telling.
func (s *Source) Unused(given []Override) []Override {
	var unused []Override
	for _, o := range given {
		if e := s.overrides[overrideKey{o.Stream, o.Site, o.Ordinal}]; e != nil && !e.used && (o.Ordinal != Every || o.Value != 0) {
			unused = append(unused, o)
		}
	}
	return unused
}
