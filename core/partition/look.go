package partition

import (
	"errors"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// Seen is what a data directory tells of itself before a node opens it.
type Seen struct {
	Formatted    bool // a node has run here
	Node         kafka.BrokerID
	ClusterID    string // "" until the cluster has one
	Clean        bool   // the last node here ended by a controlled shutdown
	JournalBytes int64  // of all generations: what recovery scans, unless Clean
	Logs         int    // replica directories
}

// Look reads what a data directory tells of itself. Unlike recovery it changes
// nothing, so a node may be running in it.
func Look(fs disk.FS) (Seen, error) {
	b, err := readFile(fs, metaFile)
	if errors.Is(err, disk.ErrNotExist) {
		return Seen{Node: kafka.NoBroker}, nil
	}
	if err != nil {
		return Seen{}, err
	}
	m, err := decodeMeta(b)
	if err != nil {
		return Seen{}, err
	}
	s := Seen{Formatted: true, Node: m.node, ClusterID: m.clusterID}
	if b, err = readFile(fs, cleanFile); err == nil {
		_, s.Clean = decodeCleanMark(b)
	} else if !errors.Is(err, disk.ErrNotExist) {
		return Seen{}, err
	}
	logs, err := fs.ReadDir(logsDir)
	if err != nil {
		return Seen{}, err
	}
	for _, name := range logs {
		if _, ok := parse20(name); ok {
			s.Logs++
		}
	}
	s.JournalBytes, err = journalBytes(fs)
	return s, err
}

// journalBytes adds up the files of all generations. One that is released
// meanwhile counts nothing.
func journalBytes(fs disk.FS) (int64, error) {
	generations, err := fs.ReadDir(journalDir)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, g := range generations {
		files, err := fs.ReadDir(journalDir + "/" + g)
		if err != nil && !errors.Is(err, disk.ErrNotExist) {
			return 0, err
		}
		for _, name := range files {
			n, err := fileSize(fs, journalDir+"/"+g+"/"+name)
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	return sum, nil
}

func fileSize(fs disk.FS, path string) (size int64, err error) {
	f, err := fs.Open(path)
	if errors.Is(err, disk.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return f.Size()
}
