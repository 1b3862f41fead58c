package matrix

import (
	"fmt"
	"strings"
)

// Table writes the matrix as it stands in docs/GUARANTEES.md.
func Table() string {
	var b strings.Builder
	for _, part := range Parts() {
		fmt.Fprintf(&b, "\n### %s\n\n", part)
		if part == NotOurs {
			b.WriteString("| row | what happens | settings | under | must show it |\n|---|---|---|---|---|\n")
		} else {
			b.WriteString("| row | guarantee | settings | holds under | tried by | must find |\n|---|---|---|---|---|---|\n")
		}
		for _, r := range Rows() {
			if r.Part != part {
				continue
			}
			guarantee := r.Guarantee
			if r.Note != "" {
				guarantee += " (" + r.Note + ")"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |", r.ID, cell(guarantee), settings(r.Settings), cell(r.Under), strings.Join(r.Scenarios, ", "))
			if r.Holds {
				fmt.Fprintf(&b, " %s |", strings.Join(r.Mutants, ", "))
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

// settings puts each setting in backquotes.
func settings(s string) string {
	parts := strings.Split(s, ", ")
	for i, p := range parts {
		if strings.Contains(p, "=") {
			words := strings.Fields(p)
			for j, w := range words {
				if strings.Contains(w, "=") && !strings.HasPrefix(w, "`") {
					words[j] = "`" + w + "`"
				}
			}
			parts[i] = strings.Join(words, " ")
		}
	}
	return strings.Join(parts, ", ")
}
