package metadata

// chunkPartitions is how many partitions lie together in a PartitionList.
const chunkPartitions = 128

// PartitionList is a persistent list of partitions, numbered by position. A copy
// shares its chunks with the original, so that one change to a topic of ten
// thousand partitions copies a chunk and the list of chunks, 3 KB, and not the
// whole. The zero value is empty.
type PartitionList struct {
	chunks [][]*Partition // each but the last is full
	len    int
}

// Len returns the number of partitions.
func (l *PartitionList) Len() int { return l.len }

// At returns the i-th partition, nil when there is none.
func (l *PartitionList) At(i int) *Partition {
	if i < 0 || i >= l.len {
		return nil
	}
	return l.chunks[i/chunkPartitions][i%chunkPartitions]
}

// All yields the partitions in order, until yield returns false.
func (l *PartitionList) All(yield func(int, *Partition) bool) {
	for c, chunk := range l.chunks {
		for i, p := range chunk {
			if !yield(c*chunkPartitions+i, p) {
				return
			}
		}
	}
}

// listEdit changes a list of its own. What it has copied it changes in place.
type listEdit struct {
	list *PartitionList
	own  []bool // by chunk: copied
}

// editList lets list, a copy, be changed.
func editList(list *PartitionList) listEdit {
	list.chunks = append(make([][]*Partition, 0, len(list.chunks)+1), list.chunks...)
	return listEdit{list: list, own: make([]bool, len(list.chunks))}
}

// set replaces the i-th partition, which there is.
func (e *listEdit) set(i int, p *Partition) {
	e.chunk(i / chunkPartitions)[i%chunkPartitions] = p
}

// add puts a partition at the end.
func (e *listEdit) add(p *Partition) {
	l := e.list
	at := l.len / chunkPartitions
	if at == len(l.chunks) {
		l.chunks = append(l.chunks, nil)
		e.own = append(e.own, true)
	}
	l.chunks[at] = append(e.chunk(at), p)
	l.len++
}

func (e *listEdit) chunk(at int) []*Partition {
	c := e.list.chunks[at]
	if !e.own[at] {
		e.own[at] = true
		c = append(make([]*Partition, 0, len(c)+1), c...)
		e.list.chunks[at] = c
	}
	return c
}
