package main

import (
	"maps"
	"strings"
	"testing"

	"trialog/node"
)

// FuzzProperties: any server.properties is read, into no more settings than
// lines, each of which can be judged; and what was read reads the same again.
func FuzzProperties(f *testing.F) {
	f.Add("# a comment\n! another\nnode.id = 3\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\n")
	f.Add("log.retention.hours=\\\n   24\nnum.io.threads=8\r\nadvertised.listeners: PLAINTEXT://broker:9092")
	f.Add("flush.messages 1\n=\n:\n\\\nmax.connections==5\n a\tb")
	f.Add("min.cleanable.dirty.ratio=1e999\nlog.segment.bytes=99999999999999999999\ncleanup.policy=,,compact,")
	f.Fuzz(func(t *testing.T, text string) {
		got := readProperties(text)
		if lines := strings.Count(text, "\n") + 1; len(got) > lines {
			t.Fatalf("%d settings in %d lines", len(got), lines)
		}
		var again strings.Builder
		want := map[string]string{}
		for name, value := range got {
			if err := node.CheckSetting(name, value); err != nil && err.Error() == "" {
				t.Fatalf("%s=%q is refused without a word", name, value)
			}
			if harmless(name) && name != "" && harmless(value) {
				want[name] = value
				again.WriteString(name + "=" + value + "\n")
			}
		}
		if reread := readProperties(again.String()); !maps.Equal(reread, want) {
			t.Fatalf("%q became %q", want, reread)
		}
	})
}

// harmless tells whether a text says the same behind and before a separator.
func harmless(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.,-") == ""
}
