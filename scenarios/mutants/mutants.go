// Package mutants holds known bugs as diffs against this source tree, each with
// a header that says where it comes from, and reads them. trialog-lab power
// applies them one by one to a copy of the tree and counts what finds them.
//
// A mutant is a unified diff with a header of "# field: text" lines before it.
// A text goes on in lines that begin with "#  ". The fields, all of them
// required but the last:
//
//	name       the file's name without .diff
//	source     where the bug was seen
//	mechanism  what is wrong
//	trigger    what must happen for it to show
//	property   the classes of properties that a detection must be in, comma-separated
//	missed     why the random mix does not find it, if that is known
//
// A header names no scenario and no seed: what finds the bug is the random mix,
// which knows nothing of it.
package mutants

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"trialog/scenarios"
)

// Mutant is one known bug.
type Mutant struct {
	Name      string
	Source    string
	Mechanism string
	Trigger   string
	Classes   []scenarios.Class
	Missed    string
	// File is where the diff stands.
	File string
}

// Load reads every mutant in a directory, by name.
func Load(dir string) ([]Mutant, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.diff"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no *.diff", dir)
	}
	slices.Sort(files)
	list := make([]Mutant, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m, err := parse(text)
		if err == nil && m.Name != strings.TrimSuffix(filepath.Base(file), ".diff") {
			err = fmt.Errorf("name %q is not the file's", m.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if m.File, err = filepath.Abs(file); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// parse reads a header.
func parse(text []byte) (Mutant, error) {
	fields := map[string]string{"name": "", "source": "", "mechanism": "", "trigger": "", "property": "", "missed": ""}
	last := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if !strings.HasPrefix(line, "#") {
			break
		}
		if more, ok := strings.CutPrefix(line, "#  "); ok && last != "" {
			fields[last] += " " + strings.TrimSpace(more)
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "# "), ": ")
		if _, known := fields[name]; !ok || !known {
			return Mutant{}, fmt.Errorf("header line %q: want one of name, source, mechanism, trigger, property, missed", line)
		}
		last, fields[name] = name, strings.TrimSpace(value)
	}
	for _, name := range []string{"name", "source", "mechanism", "trigger", "property"} {
		if fields[name] == "" {
			return Mutant{}, fmt.Errorf("the header lacks %q", name)
		}
	}
	m := Mutant{Name: fields["name"], Source: fields["source"], Mechanism: fields["mechanism"], Trigger: fields["trigger"], Missed: fields["missed"]}
	for class := range strings.SplitSeq(fields["property"], ",") {
		c := scenarios.Class(strings.TrimSpace(class))
		if !slices.Contains(scenarios.Classes(), c) {
			return Mutant{}, fmt.Errorf("property class %q: there are %v", c, scenarios.Classes())
		}
		m.Classes = append(m.Classes, c)
	}
	return m, nil
}

// Apply changes the tree under dir. Every hunk must fit where it says.
func (m *Mutant) Apply(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "git", "apply", "--whitespace=nowarn", m.File)
	cmd.Dir = dir
	// A tree copied below some other repository must not be taken for a part of it.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "GIT_") })
	cmd.Env = append(cmd.Env, "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("mutant %s does not apply: %w: %s", m.Name, err, strings.TrimSpace(said.String()))
	}
	return nil
}
