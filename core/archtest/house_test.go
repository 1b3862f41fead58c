package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sources lists the Go files of the repository, nested modules included,
// fixtures and what the tools keep left out.
func sources(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "trialog-data") {
			return filepath.SkipDir
		}
		if !e.IsDir() && strings.HasSuffix(name, ".go") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d files found", len(files))
	}
	return files
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const maxLines = 500

func TestFilesStayShort(t *testing.T) {
	for _, path := range sources(t) {
		if n := bytes.Count(read(t, path), []byte{'\n'}); n > maxLines && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s has %d lines, at most %d: one theme a file", path, n, maxLines)
		}
	}
}

const maxFunctionLines = 70

func TestFunctionsStayShort(t *testing.T) {
	for _, path := range sources(t) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		eachFunction(file, func(name string, decl ast.Decl) {
			if n := set.Position(decl.End()).Line - set.Position(decl.Pos()).Line + 1; name != "" && n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, at most %d", path, name, n, maxFunctionLines)
			}
		})
	}
}

// undone finds what is put off, waved through or skipped. It is put together
// so that it does not find itself.
var undone = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b|//\s*no` + `lint|\bt\.Skip(Now|f)?\(|\bb\.Skip(Now|f)?\(|for no` + `w[,.)]`)

func TestNothingIsLeftUndone(t *testing.T) {
	for _, path := range sources(t) {
		for i, line := range strings.Split(string(read(t, path)), "\n") {
			if m := undone.FindString(line); m != "" {
				t.Errorf("%s:%d: %q: do it, or leave it out", path, i+1, m)
			}
		}
	}
}

func TestTheRuleAboutUndoneThingsFires(t *testing.T) {
	for line, want := range map[string]bool{
		"// TO" + "DO: later":                true,
		"x() // no" + "lint:errcheck":        true,
		"	t." + "Skip(\"no disk\")":          true,
		"	b." + "Skipf(\"slow\")":            true,
		"// good enough for no" + "w.":       true,
		"// todos os santos":                 false,
		"s.Skip(3) // skips three records":   false,
		"// the high watermark for now-dead": false,
	} {
		if undone.MatchString(line) != want {
			t.Errorf("%q: found %t, want %t", line, !want, want)
		}
	}
}

// TestEveryPackageSaysWhatItIs: the package comment is what a newcomer reads first.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	docs := map[string]string{} // by directory
	var dirs []string
	for _, path := range sources(t) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		dir := filepath.Dir(path)
		if _, seen := docs[dir]; !seen {
			dirs = append(dirs, dir)
			docs[dir] = ""
		}
		if file.Doc == nil {
			continue
		}
		text := file.Doc.Text()
		if docs[dir] != "" {
			t.Errorf("%s: the package has a second comment; one of them is out of place", path)
		}
		docs[dir] = text
		if want := "Package " + file.Name.Name + " "; file.Name.Name != "main" && !strings.HasPrefix(text, want) {
			t.Errorf("%s: the package comment does not begin with %q", path, want)
		}
	}
	for _, dir := range dirs {
		if len(docs[dir]) < 40 {
			t.Errorf("%s: the package does not say what it is", dir)
		}
	}
}
