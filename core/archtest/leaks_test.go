package archtest

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

// TestPlantedLeaksAreRefused plants what makes two runs of one seed differ, one
// kind a package, beside what looks like it and is allowed.
func TestPlantedLeaksAreRefused(t *testing.T) {
	dirs, err := os.ReadDir(filepath.Join("testdata", "src", "leaks"))
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) != 10 {
		t.Errorf("%d leaks are planted, want 10", len(dirs))
	}
	var paths []string
	for _, dir := range dirs {
		paths = append(paths, "leaks/"+dir.Name())
	}
	for _, r := range analysistest.Run(t, analysistest.TestData(), determinism, paths...) {
		if len(r.Diagnostics) == 0 {
			t.Errorf("%s: the leak is not seen", r.Action.Package.PkgPath)
		}
	}
}

func TestDecisionsOutsideCoreAreRefused(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), decision, "driver")
}
