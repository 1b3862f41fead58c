package osfs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Patient returns the same files for somebody who would rather wait for room
// than fail: a call that the disk, or a quota, has no room for asks wait, and is
// tried again as long as that says so. What a write has put down before stays,
// and the rest follows. A sync is never tried again, whatever it says.
func (f *FS) Patient(wait func() bool) *FS { return &FS{root: f.root, wait: wait} }

// Hasty returns the same files for somebody who wants to be told of a full disk.
func (f *FS) Hasty() *FS { return &FS{root: f.root} }

// Again tells whether a call that ended with err is to be made once more: it
// failed for want of room, and the wait is over.
func (f *FS) Again(err error) bool { return f.wait != nil && NoRoom(err) && f.wait() }

// NoRoom tells whether an error of the operating system is a full disk's or an
// exhausted quota's.
func NoRoom(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// patiently repeats a call that takes effect as a whole or not at all.
func (f *FS) patiently(call func() error) error {
	for {
		if err := call(); err == nil || !f.Again(err) {
			return err
		}
	}
}
