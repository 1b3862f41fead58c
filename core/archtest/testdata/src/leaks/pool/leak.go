// Package pool leaks what the garbage collector has left, and raw memory.
package pool

import (
	"sync"   // want "sync is not pure"
	"unsafe" // want "unsafe is not pure"
)

type buffers struct{ pool sync.Pool }

func (b *buffers) address() uintptr { return uintptr(unsafe.Pointer(b)) }
