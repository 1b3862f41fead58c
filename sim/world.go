package sim

// Phase is a part of a run.
type Phase uint8

// The phases, in order.
const (
	Warmup Phase = iota
	Faulty
	Healing
	Extra
	Over
)

// World is one run.
type World struct {
	config Config
	now    int64
	phase  Phase
}

// New sets a run up. It panics when the configuration makes no sense.
func New(config Config) *World { return &World{config: config} }

// Run carries the run out and tells what came of it.
func (w *World) Run() *Result { return &Result{Seed: w.config.Seed} }

// Now is the virtual time in nanoseconds.
func (w *World) Now() int64 { return w.now }

// EventKind is what happened.
type EventKind uint16
