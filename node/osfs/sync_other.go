//go:build !linux

package osfs

import "os"

// Fdatasync makes a file's bytes and size durable. Elsewhere than on Linux
// the full sync is used (F_FULLFSYNC on macOS).
func Fdatasync(f *os.File) error { return f.Sync() }
