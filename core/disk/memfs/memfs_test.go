package memfs_test

import (
	"testing"

	"trialog/core/disk"
	"trialog/core/disk/disktest"
	"trialog/core/disk/memfs"
)

func TestContract(t *testing.T) {
	disktest.Suite(t, func() disk.FS { return memfs.New() })
}
