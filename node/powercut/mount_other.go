//go:build !linux

package powercut

import "errors"

// Mount is a disk that processes can use.
type Mount struct{ Dir string }

// Mount says that there is no FUSE here.
func (d *Disk) Mount(string) (*Mount, error) {
	return nil, errors.New("FUSE: not used on this system")
}

// Unmount has nothing to do.
func (m *Mount) Unmount() error { return nil }
