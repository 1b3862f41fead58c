package node

import (
	"os"
	"strings"
)

// bootID is the kernel's name for the time since it started, "" where it does not
// tell. Containers see that of their host, whose page cache keeps their files.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
