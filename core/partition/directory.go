package partition

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// meta is what meta.properties says: Kafka's file, with Kafka's keys.
type meta struct {
	node      kafka.BrokerID
	directory kafka.DirectoryID
	clusterID string // empty until the cluster has one
}

const metaVersion = "1"

// ErrForeignDirectory says that the data directory belongs to another node.
var ErrForeignDirectory = errors.New("the data directory belongs to another node")

var errMeta = errors.New("malformed " + metaFile)

func (m *meta) encode() []byte {
	var b strings.Builder
	b.WriteString("version=" + metaVersion + "\n")
	b.WriteString("node.id=" + strconv.Itoa(int(m.node)) + "\n")
	b.WriteString("directory.id=" + m.directory.String() + "\n")
	if m.clusterID != "" {
		b.WriteString("cluster.id=" + m.clusterID + "\n")
	}
	return []byte(b.String())
}

func decodeMeta(b []byte) (meta, error) {
	var m meta
	var version string
	have := 0
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		switch key {
		case "version":
			version = value
		case "node.id":
			n, err := strconv.ParseInt(value, 10, 32)
			if err != nil {
				return meta{}, errMeta
			}
			m.node = kafka.BrokerID(n)
			have++
		case "directory.id":
			id, err := kafka.ParseUUID(value)
			if err != nil {
				return meta{}, errMeta
			}
			m.directory = kafka.DirectoryID(id)
			have++
		case "cluster.id":
			m.clusterID = value
		}
	}
	if version != metaVersion || have != 2 {
		return meta{}, errMeta
	}
	return m, nil
}

// openDirectory reads meta.properties, or formats a directory that has none.
func openDirectory(fs disk.FS, a *RecoverArgs) (m meta, formatted bool, err error) {
	b, err := readFile(fs, metaFile)
	if errors.Is(err, disk.ErrNotExist) {
		m = meta{node: a.NodeID, directory: a.Directory}
		return m, true, format(fs, &m)
	}
	if err != nil {
		return meta{}, false, err
	}
	if m, err = decodeMeta(b); err != nil {
		return meta{}, false, err
	}
	if m.node != a.NodeID {
		return meta{}, false, fmt.Errorf("%w: node.id is %d, not %d", ErrForeignDirectory, m.node, a.NodeID)
	}
	return m, false, nil
}

// format lays out an empty data directory. meta.properties comes last: a
// directory without it is not formatted, and holds nothing.
func format(fs disk.FS, m *meta) error {
	for _, dir := range []string{journalDir, logsDir} {
		if err := fs.MkdirAll(dir); err != nil {
			return err
		}
		names, err := fs.ReadDir(dir)
		if err != nil {
			return err
		}
		if len(names) > 0 {
			return fmt.Errorf("%s is missing, but %s holds %s", metaFile, dir, names[0])
		}
	}
	if err := fs.SyncDir("."); err != nil {
		return err
	}
	return replaceFile(fs, metaFile, m.encode())
}

// SetClusterIDArgs starts SetClusterID, which writes the cluster's ID into meta.properties.
type SetClusterIDArgs struct{ ClusterID string }

// SetClusterID keeps the cluster's ID in meta.properties. The result is its args.
func SetClusterID(fs disk.FS, args any) (any, error) {
	a := args.(*SetClusterIDArgs)
	b, err := readFile(fs, metaFile)
	if err != nil {
		return nil, err
	}
	m, err := decodeMeta(b)
	if err != nil {
		return nil, err
	}
	m.clusterID = a.ClusterID
	return a, replaceFile(fs, metaFile, m.encode())
}

// cleanMark is what the file left by a clean shutdown says.
type cleanMark struct {
	lsn   kafka.LSN // of the journal's last entry
	epoch kafka.BrokerEpoch
}

// takeCleanMark reads the mark and makes its removal durable. Only then may
// anything else happen: a mark that came back after another crash would vouch
// for logs that it knows nothing of (KAFKA-10471).
func takeCleanMark(fs disk.FS) (mark cleanMark, clean bool, err error) {
	b, err := readFile(fs, cleanFile)
	if errors.Is(err, disk.ErrNotExist) {
		return cleanMark{epoch: kafka.NoBrokerEpoch}, false, nil
	}
	if err != nil {
		return cleanMark{}, false, err
	}
	if err := fs.Remove(cleanFile); err != nil {
		return cleanMark{}, false, err
	}
	if err := fs.SyncDir("."); err != nil {
		return cleanMark{}, false, err
	}
	mark, clean = decodeCleanMark(b)
	return mark, clean, nil
}

func (m *cleanMark) encode() []byte {
	return fmt.Appendf(nil, "version=1\nlsn=%d\nbroker.epoch=%d\n", uint64(m.lsn), int64(m.epoch))
}

func decodeCleanMark(b []byte) (cleanMark, bool) {
	var lsn uint64
	var epoch int64
	if n, err := fmt.Sscanf(string(b), "version=1\nlsn=%d\nbroker.epoch=%d\n", &lsn, &epoch); n != 2 || err != nil {
		return cleanMark{epoch: kafka.NoBrokerEpoch}, false
	}
	return cleanMark{lsn: kafka.LSN(lsn), epoch: kafka.BrokerEpoch(epoch)}, true
}

// MarkCleanArgs starts MarkClean.
type MarkCleanArgs struct {
	lsn   kafka.LSN
	epoch kafka.BrokerEpoch
}

// MarkCleanResult says that the mark is on disk.
type MarkCleanResult struct{}

// MarkClean leaves the mark of a clean shutdown, the last thing an incarnation does.
func MarkClean(fs disk.FS, args any) (any, error) {
	a := args.(*MarkCleanArgs)
	mark := cleanMark{lsn: a.lsn, epoch: a.epoch}
	return &MarkCleanResult{}, replaceFile(fs, cleanFile, mark.encode())
}
