package osfs_test

import (
	"testing"

	"trialog/core/disk"
	"trialog/core/disk/disktest"
	"trialog/node/osfs"
)

func TestContract(t *testing.T) {
	disktest.Suite(t, func() disk.FS { return osfs.New(t.TempDir()) })
}
