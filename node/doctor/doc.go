// Package doctor examines what a node stands on: what is weak in settings (the
// rules are core/kafka's), and whether a directory and the host suit a node.
//
// It changes nothing, and asks nobody but the operating system; what the
// brokers of a cluster say, its caller brings along.
//
// Files: advice.go (settings), directory.go (a data directory), disk_linux.go,
// disk_other.go (what the system knows of it), sync.go (how long a sync takes),
// host.go (files, and what is said about
// directories), apis.go (what API keys mean to clients).
package doctor
