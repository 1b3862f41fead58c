package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestDrive mounts a disk, writes with and without a sync, cuts, and looks.
func TestDrive(t *testing.T) {
	in, requests := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- serve(in, out) }()
	reply := json.NewDecoder(answers)
	ask := func(q request) answer {
		t.Helper()
		line, err := json.Marshal(q)
		if err == nil {
			_, err = requests.Write(append(line, '\n'))
		}
		var a answer
		if err == nil {
			err = reply.Decode(&a)
		}
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := ask(request{Do: "cut", Disk: 1}); a.Error == "" {
		t.Fatal("a disk that is not there was cut")
	}
	dir := t.TempDir()
	if a := ask(request{Do: "mount", Disk: 1, Dir: dir, Seed: 3, Capacity: 1 << 20, SyncUs: 100}); a.Error != "" {
		t.Logf("nothing was tried: %s", a.Error)
		return
	}
	synced := bytes.Repeat([]byte("s"), 700)
	f, err := os.Create(filepath.Join(dir, "f"))
	if err == nil {
		_, err = f.Write(synced)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	if d, openErr := os.Open(dir); err == nil && openErr == nil {
		err = d.Sync()
		d.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for i := range 20 {
		if err := os.WriteFile(filepath.Join(dir, "g"), bytes.Repeat([]byte("u"), 5000+i), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, do := range []string{"cut", "release", "survive"} {
			a := ask(request{Do: do, Disk: 1})
			if a.Error != "" {
				t.Fatal(a.Error)
			}
			lost += a.Files + a.Names
		}
		if got, err := os.ReadFile(filepath.Join(dir, "f")); err != nil || !bytes.Equal(got, synced) {
			t.Fatalf("what was synced is gone: %d bytes, %v", len(got), err)
		}
	}
	if lost == 0 {
		t.Error("twenty power cuts took nothing")
	}
	requests.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "f")); err == nil {
		t.Error("the disk is still mounted")
	}
}
