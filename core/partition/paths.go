package partition

import (
	"strconv"
	"strings"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// The names below the data directory.
const (
	metaFile       = "meta.properties"
	cleanFile      = "clean"
	clockFile      = "clock"
	keptFile       = "kept"
	journalDir     = "journal"
	logsDir        = "logs"
	checkpointFile = "checkpoint"
	temporary      = ".tmp"
	deleted        = ".deleted"
)

var suffixes = [...]string{disk.FileLog: ".log", disk.FileIndex: ".index", disk.FileTimeIndex: ".timeindex"}

const zeros20 = "00000000000000000000"

// digits20 writes n with 20 digits, so that names sort as numbers do.
func digits20(n uint64) string {
	s := strconv.FormatUint(n, 10)
	return zeros20[len(s):] + s
}

// appendDigits20 appends what digits20 returns.
func appendDigits20(dst []byte, n uint64) []byte {
	at := len(dst)
	dst = append(dst, zeros20...)
	for i := len(dst) - 1; n > 0 && i >= at; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// parse20 reads what digits20 wrote.
func parse20(s string) (uint64, bool) {
	if len(s) != 20 {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

// GenerationDir is the directory of the journal generation that begins at first.
func GenerationDir(first kafka.LSN) string { return journalDir + "/" + digits20(uint64(first)) }

// LogDir is the directory of a log.
func LogDir(id kafka.LogID) string {
	var b [len(logsDir) + len("/") + len(zeros20)]byte
	return string(appendLogDir(b[:0], id))
}

func appendLogDir(dst []byte, id kafka.LogID) []byte {
	return appendDigits20(append(append(dst, logsDir...), '/'), uint64(id))
}

// SegmentPath is a file of a segment as it was first written.
func SegmentPath(id kafka.LogID, segment kafka.Offset, kind disk.FileKind) string {
	return VersionPath(id, segment, 0, kind)
}

// VersionPath is a file of a version of a segment. What the cleaner rewrites
// stands in files of another version, until the segment's old ones may go.
func VersionPath(id kafka.LogID, segment kafka.Offset, version uint32, kind disk.FileKind) string {
	var b [pathBytes]byte
	return string(appendVersionPath(b[:0], id, segment, version, kind))
}

// pathBytes is room for any of these names.
const pathBytes = 80

func appendVersionPath(dst []byte, id kafka.LogID, segment kafka.Offset, version uint32, kind disk.FileKind) []byte {
	dst = append(appendLogDir(dst, id), '/')
	return append(appendVersion(appendDigits20(dst, uint64(segment)), version), suffixes[kind]...)
}

// appendVersion appends what tells a version's files from those of version 0.
func appendVersion(dst []byte, version uint32) []byte {
	if version == 0 {
		return dst
	}
	return strconv.AppendUint(append(dst, '-'), uint64(version), 10)
}

// ReadPath is the file that an op reads.
func ReadPath(r *disk.Read) string { return VersionPath(r.Log, r.Segment, r.Version, r.File) }

// AppendReadPath appends the name of the file that an op reads.
func AppendReadPath(dst []byte, r *disk.Read) []byte {
	return appendVersionPath(dst, r.Log, r.Segment, r.Version, r.File)
}

// recordsPaths keeps, of each log, the name of the segment's records that was asked
// for last, for whoever asks again and again. The zero value is empty.
type recordsPaths map[kafka.LogID]recordsPath

type recordsPath struct {
	segment kafka.Offset
	path    string
}

func (p *recordsPaths) of(id kafka.LogID, segment kafka.Offset) string {
	last, there := (*p)[id]
	if !there || last.segment != segment {
		last = recordsPath{segment, SegmentPath(id, segment, disk.FileLog)}
		if *p == nil {
			*p = make(recordsPaths)
		}
		(*p)[id] = last
	}
	return last.path
}

// HoldsRecords tells whether a path is that of a segment's records.
func HoldsRecords(path string) bool {
	return strings.HasPrefix(path, logsDir+"/") && strings.HasSuffix(path, suffixes[disk.FileLog])
}

func checkpointPath(id kafka.LogID) string { return LogDir(id) + "/" + checkpointFile }

func labelPath(id *Identity) string { return LogDir(id.Log) + "/" + label(id.Partition) }

// segmentOf recognises a segment's file by its name.
func segmentOf(name string, kind disk.FileKind) (n segmentName, ok bool) {
	name, ok = strings.CutSuffix(name, suffixes[kind])
	if !ok {
		return n, false
	}
	base, version, versioned := strings.Cut(name, "-")
	if versioned {
		v, err := strconv.ParseUint(version, 10, 32)
		if err != nil || v == 0 {
			return n, false
		}
		n.version = uint32(v)
	}
	b, ok := parse20(base)
	n.base = kafka.Offset(b)
	return n, ok
}
