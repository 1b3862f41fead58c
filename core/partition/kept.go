package partition

import (
	"errors"
	"fmt"
	"strings"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// kept is what the file beside the clean mark says: in which boot of the machine
// the directory was last opened, and since which incarnation everything that was
// written to it is still there.
//
// A process that dies leaves what it wrote to the kernel, a machine that stops
// takes it along; the kernel's boot ID tells the two apart. So long as the
// directory is opened in the boot that the file names, nothing is missing.
type kept struct {
	boot  string
	since kafka.IncarnationID
}

// keep brings the file up to date and returns since when everything is there: as
// before where the machine has not been started anew, or the mark of a clean
// shutdown vouches for what was written (the mark may go only once this is
// durable); else since now.
func keep(fs disk.FS, a *RecoverArgs) (since kafka.IncarnationID, err error) {
	if a.Boot == "" || strings.ContainsAny(a.Boot, "\n ") {
		return a.Incarnation, removeIfThere(fs, keptFile)
	}
	was, known := kept{}, false
	b, err := readFile(fs, keptFile)
	switch {
	case err == nil:
		was, known = decodeKept(b)
	case !errors.Is(err, disk.ErrNotExist):
		return since, err
	}
	if known && was.boot == a.Boot {
		return was.since, nil
	}
	is := kept{boot: a.Boot, since: a.Incarnation}
	if b, err = readFile(fs, cleanFile); err == nil {
		if _, clean := decodeCleanMark(b); clean && known {
			is.since = was.since
		}
	} else if !errors.Is(err, disk.ErrNotExist) {
		return since, err
	}
	return is.since, replaceFile(fs, keptFile, is.encode())
}

// doubt takes the file away after an error: what a failed call has left may go
// without a restart of the machine, as Linux drops pages whose write-back failed.
// The name needs no sync: who opens the directory in this boot sees it gone, and
// in another it says nothing. Where even that fails, so will the next recovery.
func doubt(fs disk.FS, err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(err, removeIfThere(fs, keptFile))
}

// Doubting is a job that vouches for nothing any more once it has failed.
func Doubting(run func(disk.FS, any) (any, error)) func(disk.FS, any) (any, error) {
	return func(fs disk.FS, args any) (any, error) {
		result, err := run(fs, args)
		return result, doubt(fs, err)
	}
}

func (k *kept) encode() []byte {
	return fmt.Appendf(nil, "version=1\nboot=%s\nsince=%s\n", k.boot, kafka.UUID(k.since).String())
}

func decodeKept(b []byte) (k kept, ok bool) {
	var since string
	if n, err := fmt.Sscanf(string(b), "version=1\nboot=%s\nsince=%s\n", &k.boot, &since); n != 2 || err != nil {
		return kept{}, false
	}
	id, err := kafka.ParseUUID(since)
	k.since = kafka.IncarnationID(id)
	return k, err == nil
}
