// Package damagetest damages what a journal's sink has written, byte by byte,
// and holds recovery to its promise: everything acknowledged is there up to the
// newest durable mark that is left, or the log concerned is fenced and the rest
// is served; nothing is ever silently wrong.
//
// The body is one, the sinks are many: core/partition runs it on a plain
// appender, node/journal on tidwall/wal. Damage above the newest mark cannot be
// told from a torn tail; Counts keeps it apart.
//
// Files: bench.go (what is written), journal.go and segment.go (the damage),
// tree.go (copies of files), appender.go (a plain sink).
package damagetest
