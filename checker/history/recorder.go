package history

// Recorder fills a history online. It is not safe for concurrent use; see
// [SharedRecorder]. Nothing that is passed to it is kept, and once its slices
// have grown it allocates nothing.
type Recorder struct {
	h          History
	partitions map[TopicPartition]Partition
	names      map[string]Name
}

// Result is what a client learnt when an operation ended. Begin with
// [NewResult]: fields that were not told are Unset.
type Result struct {
	Outcome          Outcome
	Error            string // Kafka's name of the error, or the client's
	Offset           int64  // Send: of the first record
	HighWatermark    int64
	LastStableOffset int64
	LogStartOffset   int64
	To               int64
	ProducerID       int64 // as the record was sent, if it was not known at the call
	Sequence         int32
	LeaderEpoch      int32
	Broker           int32
	ProducerEpoch    int16
	Attempts         int16
	FromFollower     bool
	Deposed          bool
	Commit           OpID     // FetchOffsets: who wrote what was read
	Records          []Record // read; copied
}

// NewResult returns a result with every field Unset.
func NewResult(outcome Outcome) Result {
	return Result{
		Outcome: outcome, Offset: Unset, HighWatermark: Unset, LastStableOffset: Unset, LogStartOffset: Unset, To: Unset,
		ProducerID: Unset, Sequence: Unset, LeaderEpoch: Unset, Broker: Unset, ProducerEpoch: Unset, Attempts: 1, Commit: NoOp,
	}
}

// NewRecorder starts a history.
func NewRecorder(header Header) *Recorder {
	r := &Recorder{}
	r.Reset(header)
	return r
}

// Reset starts another history in the memory of the last one, which is gone:
// whoever holds what History returned must be done with it.
func (r *Recorder) Reset(header Header) {
	header.Version = Version
	h := &r.h
	*h = History{
		Header: header, Ops: h.Ops[:0], Records: h.Records[:0], Events: h.Events[:0],
		Partitions: h.Partitions[:0], Names: append(h.Names[:0], ""),
	}
	if r.partitions == nil {
		r.partitions, r.names = make(map[TopicPartition]Partition), make(map[string]Name)
	}
	clear(r.partitions)
	clear(r.names)
}

// Partition returns the index of a partition, giving it one on first use.
func (r *Recorder) Partition(topic string, index int32) Partition {
	tp := TopicPartition{topic, index}
	p, ok := r.partitions[tp]
	if !ok {
		p = Partition(len(r.h.Partitions))
		r.h.Partitions = append(r.h.Partitions, tp)
		r.partitions[tp] = p
	}
	return p
}

// Name gives a text its index, for the names in an operation.
func (r *Recorder) Name(s string) Name {
	if s == "" {
		return 0
	}
	n, ok := r.names[s]
	if !ok {
		n = Name(len(r.h.Names))
		r.h.Names = append(r.h.Names, s)
		r.names[s] = n
	}
	return n
}

// Invoke records a call at time now (nanoseconds), before it is made. For a
// send, values are the records' values in the order of the batch.
func (r *Recorder) Invoke(now int64, op *Op, values ...Value) OpID {
	id := OpID(len(r.h.Ops))
	r.h.Ops = append(r.h.Ops, *op)
	o := &r.h.Ops[id]
	o.InvokePos, o.InvokeTime = r.position(), now
	o.ReturnPos, o.ReturnTime, o.Outcome = Never, Never, Open
	o.FirstRecord, o.RecordCount = int32(len(r.h.Records)), int32(len(values))
	for _, v := range values {
		r.h.Records = append(r.h.Records, Record{Offset: Unset, Value: v})
	}
	return id
}

// Complete records a return at time now, after it happened. An operation
// completes once; a later completion is ignored and reported as false.
func (r *Recorder) Complete(now int64, id OpID, res *Result) bool {
	o := &r.h.Ops[id]
	if o.Outcome != Open {
		return false
	}
	o.ReturnPos, o.ReturnTime, o.Outcome = r.position(), now, res.Outcome
	o.Error = r.Name(res.Error)
	o.Offset, o.HighWatermark, o.LastStableOffset = res.Offset, res.HighWatermark, res.LastStableOffset
	o.LogStartOffset, o.To = res.LogStartOffset, res.To
	o.LeaderEpoch, o.Broker, o.Attempts = res.LeaderEpoch, res.Broker, res.Attempts
	o.Commit = res.Commit
	if res.ProducerID != Unset {
		o.ProducerID, o.ProducerEpoch = res.ProducerID, res.ProducerEpoch
	}
	if res.Sequence != Unset {
		o.Sequence = res.Sequence
	}
	if res.FromFollower {
		o.Flags |= FromFollower
	}
	if res.Deposed {
		o.Flags |= Deposed
	}
	switch {
	case o.Kind == Send:
		stampOffsets(r.h.RecordsOf(o), res.Offset)
	case len(res.Records) > 0:
		o.FirstRecord, o.RecordCount = int32(len(r.h.Records)), int32(len(res.Records))
		r.h.Records = append(r.h.Records, res.Records...)
	}
	return true
}

// stampOffsets gives the records of a batch the offsets that follow its base.
func stampOffsets(records []Record, base int64) {
	if base == Unset {
		return
	}
	for i := range records {
		records[i].Offset = base + int64(i)
	}
}

// Event records an event; its position is given here.
func (r *Recorder) Event(now int64, e *Event) {
	r.h.Events = append(r.h.Events, *e)
	last := &r.h.Events[len(r.h.Events)-1]
	last.Pos, last.Time = r.position(), now
}

// Header gives access to the header until the history is handed over.
func (r *Recorder) Header() *Header { return &r.h.Header }

// History returns what was recorded. It is shared with the recorder: record no
// more once a checker reads it.
func (r *Recorder) History() *History { return &r.h }

func (r *Recorder) position() int64 {
	p := r.h.Positions
	r.h.Positions++
	return p
}
