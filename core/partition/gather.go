package partition

import "trialog/core/kafka"

// gather puts together what redo writes to a segment: the journal holds the
// batches of all logs mixed, a thousand logs have more files than may be open,
// and a file is better written in a few large pieces.
type gather struct {
	files descriptors
	runs  []run // one a log at most
	byLog map[kafka.LogID]int
	bytes int
}

// run is a stretch of a segment that is not written yet.
type run struct {
	log     kafka.LogID
	segment kafka.Offset
	pos     int64
	bytes   []byte
}

const gatherBytes = 8 << 20

// write takes bytes for a segment.
func (g *gather) write(log kafka.LogID, segment kafka.Offset, pos int64, b []byte) error {
	if g.byLog == nil {
		g.byLog = make(map[kafka.LogID]int)
	}
	i, ok := g.byLog[log]
	if !ok {
		i = len(g.runs)
		g.runs = append(g.runs, run{log: log})
		g.byLog[log] = i
	}
	r := &g.runs[i]
	if r.segment != segment || r.pos+int64(len(r.bytes)) != pos {
		if err := g.put(r); err != nil {
			return err
		}
		r.segment, r.pos = segment, pos
	}
	r.bytes = append(r.bytes, b...)
	if g.bytes += len(b); g.bytes < gatherBytes {
		return nil
	}
	return g.flush()
}

// put writes a run to its file.
func (g *gather) put(r *run) error {
	if len(r.bytes) == 0 {
		return nil
	}
	f, err := g.files.open(r.log, r.segment)
	if err != nil {
		return err
	}
	if err := writeAt(f, r.bytes, r.pos); err != nil {
		return err
	}
	g.bytes -= len(r.bytes)
	r.pos += int64(len(r.bytes))
	r.bytes = r.bytes[:0]
	return nil
}

// flush writes everything.
func (g *gather) flush() error {
	for i := range g.runs {
		if err := g.put(&g.runs[i]); err != nil {
			return err
		}
	}
	return nil
}

// finish writes what there is of one log and closes its file, for somebody else
// to read and cut it.
func (g *gather) finish(log kafka.LogID) error {
	if i, ok := g.byLog[log]; ok {
		if err := g.put(&g.runs[i]); err != nil {
			return err
		}
	}
	return g.files.forget(log)
}
