package partition

import "trialog/core/kafka"

// The jobs. Each is a func(disk.FS, any) (any, error) whose args are a pointer
// to one struct of this package and whose result is a pointer to another. Upkeep
// (Journal.Due, Journal.Done) emits and takes all but Recover.

// RecoverArgs starts Recover, the first job of an incarnation.
type RecoverArgs struct {
	Now    kafka.Now // when recovery began; receipt times and segment ages count from here
	NodeID kafka.BrokerID
	// Directory becomes the data directory's ID if it has none yet. The driver
	// draws it at random.
	Directory kafka.DirectoryID
	// Incarnation is the broker's, Boot the kernel's boot ID: another one after
	// every start of the machine, "" where that is not known.
	Incarnation kafka.IncarnationID
	Boot        string
	Limits      *Limits
	// IndexIntervalBytes is for index entries of what recovery appends.
	IndexIntervalBytes int32
}

// RecoverResult is what the disk holds.
type RecoverResult struct {
	Logs      []*Log // by log ID, deleted ones left out
	Journal   *Journal
	Directory kafka.DirectoryID
	Salt      Salt
	ClusterID string // empty until SetClusterID
	Formatted bool   // the directory was new
	Clean     bool   // the last shutdown was clean
	// Previous is the broker epoch that the clean-shutdown mark names,
	// NoBrokerEpoch when there was no mark.
	Previous kafka.BrokerEpoch
	// KeptSince is the incarnation since whose start everything is there that was
	// written to the directory; the present one where nothing vouches for more.
	KeptSince kafka.IncarnationID
	// Time is what NoteTime has kept, NoTimestamp when nothing.
	Time kafka.TimestampMs

	// What recovery met.
	TornTail     bool     // the journal's end was torn and has been cut
	TornLarge    int      // large batches at which the journal was cut, since only the pointer was durable
	Redone       int      // batches written again from the journal
	Large        int      // batches found in their segment, where the journal points
	Cut          int      // logs whose segments held bytes beyond what counts, now gone
	Fenced       int      // logs fenced for damage, now or earlier
	Strays       []string // files and directories of logs that nothing named, now gone
	Unattributed int      // damaged journal entries of which nobody knows the log; one may be the creation of a log without other trace
}
