//go:build !linux

package osfs

import "os"

// Elsewhere than on Linux the full sync is used (F_FULLFSYNC on macOS).
func fdatasync(f *os.File) error { return f.Sync() }
