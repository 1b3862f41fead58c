package node

import (
	"strings"
	"testing"
)

// TestBootID: the kernel tells, the same twice, in one word.
func TestBootID(t *testing.T) {
	id := bootID()
	if len(id) < 16 || strings.ContainsAny(id, " \n") || id != bootID() {
		t.Fatalf("boot ID %q", id)
	}
}
