package partition

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// The journal's files are tidwall/wal's: entries of a uvarint length and as many
// bytes, one frame each, in files named by the index of their first entry, one
// directory a generation. A scan trusts only frames: lengths and names help to
// find the next one, and where they lie the scan looks for the next header that
// is intact.

// generationFiles is a generation as found on disk.
type generationFiles struct {
	first kafka.LSN
	files []string // paths, in order
}

// entry is what a scan met.
type entry struct {
	disk.Append       // Bytes last until the next entry
	hurt        bool  // the header is intact, the payload is not
	generation  int   // its place in the list of generations
	file        int   // and of the file in that
	pos         int64 // where it begins in that, with the length before it
}

// listJournal lists the generations, oldest first.
func listJournal(fs disk.FS) ([]generationFiles, error) {
	names, err := liveNames(fs, journalDir)
	if err != nil {
		return nil, err
	}
	var out []generationFiles
	for _, name := range names {
		first, ok := parse20(name)
		if !ok {
			continue
		}
		g := generationFiles{first: kafka.LSN(first)}
		files, err := fs.ReadDir(journalDir + "/" + name)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if _, ok := parse20(file); ok {
				g.files = append(g.files, journalDir+"/"+name+"/"+file)
			}
		}
		out = append(out, g)
	}
	return out, nil
}

// scanJournal visits every frame whose header is intact, in the order of the
// files, but for those that a generation's name has ended: what an older one
// holds from there on stood behind a torn tail, and its numbers were given out
// again. It returns whether the newest generation has bytes that are not part of
// a frame.
func scanJournal(fs disk.FS, generations []generationFiles, salt Salt, visit func(*entry) error) (rubbish bool, err error) {
	s := scan{salt: salt}
	i, k := 0, 0
	each := func(e *entry) error {
		if i < len(generations)-1 && e.LSN >= generations[i+1].first {
			return nil
		}
		e.generation, e.file = i, k
		return visit(e)
	}
	for i = range generations {
		newest := i == len(generations)-1
		for k = range generations[i].files {
			bad, err := s.file(fs, generations[i].files[k], each)
			if err != nil {
				return rubbish, err
			}
			rubbish = rubbish || newest && bad
		}
	}
	return rubbish, nil
}

const scanBuffer = 1 << 20

// scanFile visits the frames of one file.
func scanFile(fs disk.FS, path string, salt Salt, visit func(*entry) error) (rubbish bool, err error) {
	s := scan{salt: salt}
	return s.file(fs, path, visit)
}

// file scans a file, in the memory that the last one has left.
func (s *scan) file(fs disk.FS, path string, visit func(*entry) error) (rubbish bool, err error) {
	f, err := fs.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return false, err
	}
	n := int(min(scanBuffer, size))
	*s = scan{f: f, size: size, salt: s.salt, buf: slices.Grow(s.buf[:0], n)[:n]}
	for s.pos < size {
		ok, err := s.next(visit)
		if err != nil {
			return rubbish, err
		}
		rubbish = rubbish || !ok
	}
	return rubbish, nil
}

// scan is the state of a scan of one file: buf[at:have] are the bytes at pos.
type scan struct {
	f    disk.File
	size int64
	pos  int64
	salt Salt
	buf  []byte
	at   int
	have int
	e    entry
}

// fill makes at least n bytes at pos available, fewer at the end of the file.
func (s *scan) fill(n int) ([]byte, error) {
	if n = int(min(int64(n), s.size-s.pos)); s.have-s.at >= n {
		return s.buf[s.at:s.have], nil
	}
	if n > len(s.buf) {
		s.buf = append(make([]byte, 0, n), s.buf[s.at:s.have]...)[:n]
	} else {
		copy(s.buf, s.buf[s.at:s.have])
	}
	s.have -= s.at
	s.at = 0
	got, err := readAt(s.f, s.buf[s.have:], s.pos+int64(s.have))
	s.have += got
	return s.buf[:s.have], err
}

func (s *scan) skip(n int) {
	s.pos += int64(n)
	s.at = min(s.at+n, s.have)
}

// next visits the frame at pos, or skips to the next place where one may be.
func (s *scan) next(visit func(*entry) error) (ok bool, err error) {
	b, err := s.fill(binary.MaxVarintLen64 + frameHeaderSize)
	if err != nil {
		return false, err
	}
	if prefix, n := lengthAt(b, s.salt, &s.e.Append); n >= 0 {
		return true, s.visit(prefix, n, visit)
	}
	// The length is damaged, or the header: look for the next header.
	var magic [4]byte
	binary.BigEndian.PutUint32(magic[:], frameMagic)
	for s.pos < s.size {
		if b, err = s.fill(frameHeaderSize); err != nil {
			return false, err
		}
		i := bytes.Index(b, magic[:])
		if i < 0 {
			s.skip(max(len(b)-3, 1))
			continue
		}
		s.skip(i)
		if b, err = s.fill(frameHeaderSize); err != nil {
			return false, err
		}
		if n, ok := decodeHeader(b, s.salt, &s.e.Append); ok {
			return false, s.visit(0, n, visit)
		}
		s.skip(1)
	}
	return false, nil
}

// lengthAt reads the length of an entry and its frame's header. The two must
// agree; n, the payload's length, is -1 if they do not.
func lengthAt(b []byte, salt Salt, a *disk.Append) (prefix, n int) {
	length, prefix := binary.Uvarint(b)
	if prefix <= 0 {
		return 0, -1
	}
	n, ok := decodeHeader(b[prefix:], salt, a)
	if !ok || length != uint64(n)+frameHeaderSize {
		return 0, -1
	}
	return prefix, n
}

// visit hands on the frame that begins prefix bytes behind pos and moves behind it.
func (s *scan) visit(prefix, n int, visit func(*entry) error) error {
	b, err := s.fill(prefix + frameHeaderSize + n)
	if err != nil {
		return err
	}
	s.e.pos = s.pos
	s.e.hurt = len(b) < prefix+frameHeaderSize+n
	if !s.e.hurt {
		header := b[prefix:]
		s.e.Bytes = header[frameHeaderSize : frameHeaderSize+n]
		s.e.hurt = !intactPayload(header, s.e.Bytes)
	}
	if s.e.hurt {
		s.e.Bytes = nil
		s.skip(prefix + frameHeaderSize) // its length may lie about where the next one is
	} else {
		s.skip(prefix + frameHeaderSize + n)
	}
	return visit(&s.e)
}

// span is a range of LSNs, both ends inclusive.
type span struct{ from, to kafka.LSN }

// survey is what a first scan says of the journal as a whole.
type survey struct {
	next    kafka.LSN // one past the last entry that counts
	marked  kafka.LSN // the newest durable mark: everything up to it was acknowledged or may have been
	torn    bool      // something was found behind the last entry that counts
	damaged []span    // LSNs up to marked of which no intact entry was found
	highest kafka.LogID
	deleted map[kafka.LogID]kafka.LSN // by which entry
	first   map[kafka.LogID]kafka.LSN // each log's first intact entry
	bytes   []int64                   // of the frames of each generation
	tail    []place                   // the entries of the newest generation above the mark
	large   []disk.Append             // the pointers above the mark
	cuts    cuts                      // the truncations
}

// place is where an entry stands in the newest generation.
type place struct {
	lsn  kafka.LSN
	file int
	pos  int64
}

// unmarked is where the entries begin of which no mark says that they are
// durable: a file of the newest generation, -1 when all are, and a position.
func (s *survey) unmarked() (file int, pos int64) {
	s.drop()
	if len(s.tail) == 0 {
		return -1, 0
	}
	return s.tail[0].file, s.tail[0].pos
}

// drop forgets the places of entries that are marked.
func (s *survey) drop() {
	n := 0
	for n < len(s.tail) && s.tail[n].lsn <= s.marked {
		n++
	}
	if n > 0 {
		s.tail = append(s.tail[:0], s.tail[n:]...)
	}
}

// surveyJournal scans for what is missing. marked is the newest durable mark
// known from elsewhere, start the LSN that follows it where no journal exists.
func surveyJournal(fs disk.FS, generations []generationFiles, salt Salt, marked, start kafka.LSN) (*survey, error) {
	s := &survey{
		next: start, marked: marked,
		deleted: make(map[kafka.LogID]kafka.LSN),
		first:   make(map[kafka.LogID]kafka.LSN),
		bytes:   make([]int64, len(generations)),
		cuts:    make(cuts),
	}
	if len(generations) > 0 {
		s.next = generations[0].first
		// A generation gets its name after all before it is durable.
		s.marked = max(s.marked, generations[len(generations)-1].first-1)
	}
	var missing []span
	expected := s.next
	rubbish, err := scanJournal(fs, generations, salt, func(e *entry) error {
		s.marked = max(s.marked, e.Durable)
		s.highest = max(s.highest, e.Log)
		if e.hurt || e.LSN < expected {
			return nil
		}
		if e.LSN > expected {
			missing = append(missing, span{expected, e.LSN - 1})
		}
		expected = e.LSN + 1
		s.bytes[e.generation] += weight(e)
		if e.generation == len(generations)-1 && e.LSN > s.marked {
			s.drop()
			s.tail = append(s.tail, place{lsn: e.LSN, file: e.file, pos: e.pos})
		}
		if _, ok := s.first[e.Log]; !ok {
			s.first[e.Log] = e.LSN
		}
		s.take(e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.marked >= expected {
		missing = append(missing, span{expected, s.marked})
		expected = s.marked + 1
	}
	s.next = expected
	s.judge(missing)
	s.torn = s.torn || rubbish && len(s.damaged) == 0
	return s, nil
}

// take keeps what later entries may undo, and what undoes earlier ones.
func (s *survey) take(e *entry) {
	switch {
	case e.Kind == disk.EntryDelete:
		s.deleted[e.Log] = e.LSN
	case e.Kind == disk.EntryTruncateTo:
		s.cuts[e.Log] = append(s.cuts[e.Log], cut{lsn: e.LSN, to: e.BaseOffset})
	case e.Pointer && e.LSN > s.marked:
		n := 0
		for n < len(s.large) && s.large[n].LSN <= s.marked {
			n++
		}
		s.large = append(s.large[n:], e.Append)
		kept := &s.large[len(s.large)-1]
		kept.Bytes = bytes.Clone(kept.Bytes)
	}
}

// isDeleted tells whether an entry that counts deletes a log. Of those behind the
// last one that counts the numbers are given out again, and no later recovery
// meets them.
func (s *survey) isDeleted(id kafka.LogID) bool {
	by, ok := s.deleted[id]
	return ok && by < s.next
}

// weight is what an entry counts for in the journal's bound.
func weight(e *entry) int64 {
	if e.Pointer {
		return frameHeaderSize + int64(batch.View(e.Bytes).Size())
	}
	return FrameSize(&e.Append)
}

// judge tells damage from a torn tail (D4): what is missing at or below the
// newest durable mark was synced once and has been damaged since; what is
// missing above it was never synced, and the journal ends there.
func (s *survey) judge(missing []span) {
	for _, m := range missing {
		if m.from <= s.marked {
			s.damaged = append(s.damaged, span{m.from, min(m.to, s.marked)})
		}
		if m.to > s.marked {
			s.next = max(m.from, s.marked+1)
			s.torn = true
			return
		}
	}
}
