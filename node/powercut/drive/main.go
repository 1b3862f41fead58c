// Command drive (built as trialog-powercut) holds disks that lose power for
// programs that must not import them: the laboratory, which knows nodes only by
// their binary. It is for trials and is not part of a release.
//
// It reads one request a line from standard input and prints one answer a line,
// both as JSON; at the end of its input it takes every disk away and ends.
//
//	{"do":"mount","disk":1,"dir":"/tmp/x","seed":7,"capacity":1073741824,"sync_us":2000}
//	{"do":"cut","disk":1}      calls hang from now on
//	{"do":"release","disk":1}  and fail now: the processes that made them have been killed
//	{"do":"survive","disk":1}  once they are gone: what is durable, and some of the rest, is there again
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"trialog/node/powercut"
)

// request is one line of input.
type request struct {
	Do       string `json:"do"`
	Disk     int32  `json:"disk"`
	Dir      string `json:"dir"`      // mount: an existing directory
	Seed     uint64 `json:"seed"`     // mount: draws what survives
	Capacity int64  `json:"capacity"` // mount: bytes
	SyncUs   int64  `json:"sync_us"`  // mount: how long every sync of a file takes
}

// answer is one line of output.
type answer struct {
	Error string `json:"error,omitempty"`
	Files int    `json:"files,omitempty"` // survive: those that lost something
	Bytes int    `json:"bytes,omitempty"` // survive: in the changes that are lost
	Names int    `json:"names,omitempty"` // survive: that did not come, or did not go
}

// drive is a disk in use.
type drive struct {
	disk  *powercut.Disk
	mount *powercut.Mount
	slow  time.Duration
}

func main() {
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // whoever uses the disks ends first, and closes our input
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "trialog-powercut:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	drives := make(map[int32]*drive)
	lines, answers := bufio.NewScanner(in), json.NewEncoder(out)
	for lines.Scan() {
		var q request
		a := &answer{}
		err := json.Unmarshal(lines.Bytes(), &q)
		if err == nil {
			a, err = carryOut(drives, &q)
		}
		if err != nil {
			a = &answer{Error: err.Error()}
		}
		if err := answers.Encode(a); err != nil {
			break // nobody reads any more
		}
	}
	var failed []error
	for _, d := range drives {
		d.disk.Cut(false)
		d.disk.Release()
		failed = append(failed, d.mount.Unmount())
	}
	return errors.Join(failed...)
}

func carryOut(drives map[int32]*drive, q *request) (*answer, error) {
	d := drives[q.Disk]
	if (d == nil) != (q.Do == "mount") {
		return nil, fmt.Errorf("disk %d: cannot %s", q.Disk, q.Do)
	}
	switch q.Do {
	case "mount":
		d = &drive{disk: powercut.New(q.Seed, q.Capacity), slow: time.Duration(q.SyncUs) * time.Microsecond}
		var err error
		if d.mount, err = d.disk.Mount(q.Dir); err != nil {
			return nil, err
		}
		d.spin()
		drives[q.Disk] = d
		return &answer{}, nil
	case "cut":
		d.disk.Cut(true)
		return &answer{}, nil
	case "release":
		d.disk.Release()
		return &answer{}, nil
	case "survive":
		return d.survive()
	}
	return nil, fmt.Errorf("%q is nothing to do", q.Do)
}

// spin makes syncs take their time, so that there is something to lose.
func (d *drive) spin() {
	if d.slow > 0 {
		d.disk.Inject(powercut.Fault{Op: powercut.OpSync, Stall: d.slow})
	}
}

func (d *drive) survive() (*answer, error) {
	if err := d.mount.Unmount(); err != nil {
		return nil, err
	}
	loss := d.disk.Survive()
	mount, err := d.disk.Mount(d.mount.Dir)
	if err != nil {
		return nil, err
	}
	d.mount = mount
	d.spin()
	return &answer{Files: loss.Files, Bytes: loss.Bytes, Names: len(loss.Names)}, nil
}
