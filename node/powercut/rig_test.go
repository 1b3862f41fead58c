package powercut_test

import (
	"os"
	"testing"

	"trialog/core/disk"
	"trialog/core/disk/disktest"
	"trialog/node/osfs"
	"trialog/node/powercut"
)

// mount mounts a disk, or tells why it cannot be done here and returns nil.
func mount(t *testing.T, d *powercut.Disk) *powercut.Mount {
	t.Helper()
	m, err := d.Mount(t.TempDir())
	if err != nil {
		t.Logf("RIG: none (%v)", err)
		return nil
	}
	t.Cleanup(func() {
		d.Release()
		if err := m.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func TestContract(t *testing.T) {
	d := powercut.New(1, 1<<30)
	m := mount(t, d)
	if m == nil {
		return
	}
	disktest.Suite(t, func() disk.FS {
		dir, err := os.MkdirTemp(m.Dir, "")
		if err != nil {
			t.Fatal(err)
		}
		return osfs.New(dir)
	})
}
