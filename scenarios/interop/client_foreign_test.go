package interop

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Clients of other languages are small programs below clients/. Each reads one
// job as JSON from standard input and prints one result as the last line of
// its standard output. TRIALOG_CLIENTS is where the install script put them.

func javaClient() client {
	return client{
		name: "java", run: foreign("java", "-cp", "java/*:java", "Client"), codecs: allCodecs,
		idempotent: true, consumes: true, byTime: true, admin: true, headers: true,
	}
}

// kafkaJS has gzip built in, and reads through consumer groups only.
func kafkaJS() client {
	return client{
		name: "kafkajs", run: foreign("node", "js/client.js"), codecs: []string{"none", "gzip"},
		idempotent: true, admin: true, headers: true,
	}
}

func confluentPython() client {
	return client{
		name: "confluent-kafka-python", run: foreign("python/bin/python", "python/confluent.py"), codecs: allCodecs,
		idempotent: true, consumes: true, byTime: true, admin: true, headers: true,
	}
}

// aioKafka checks only the codecs whose Python modules the install script adds.
func aioKafka() client {
	return client{
		name: "aiokafka", run: foreign("python/bin/python", "python/aio.py"), codecs: allCodecs,
		idempotent: true, consumes: true, byTime: true, admin: true, headers: true,
	}
}

// rustClient is rskafka: no idempotent producer, no settings, headers in a map,
// and Fetch up to version 4, in which no broker may send zstd.
func rustClient() client {
	return client{name: "rskafka", run: foreign("rust/client"), codecs: []string{"none", "gzip", "snappy", "lz4"}, consumes: true, uniqueHeaders: true}
}

// foreign runs a program of another language. Words that name a file of the
// install directory are taken from there.
func foreign(words ...string) func(*testing.T, job) result {
	return func(t *testing.T, j job) result {
		t.Helper()
		dir := os.Getenv("TRIALOG_CLIENTS")
		if dir == "" {
			t.Fatal("TRIALOG_CLIENTS is not set: run make interop")
		}
		in, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		program := words[0]
		if info, err := os.Stat(filepath.Join(dir, program)); err == nil && !info.IsDir() {
			program = filepath.Join(dir, program)
		}
		cmd := exec.Command(program, words[1:]...)
		cmd.Dir = dir
		cmd.Stdin = bytes.NewReader(in)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		timer := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		runErr := cmd.Run()
		lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
		var r result
		if err := json.Unmarshal(lines[len(lines)-1], &r); err != nil {
			return result{Error: "no result: " + err.Error() + "\n" + tail(errs.String())}
		}
		if runErr != nil && r.Error == "" {
			r.Error = runErr.Error() + "\n" + tail(errs.String())
		}
		return r
	}
}

func tail(s string) string {
	if len(s) > 4000 {
		return "…" + s[len(s)-4000:]
	}
	return s
}
