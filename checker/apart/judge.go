package apart

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"trialog/checker"
)

// Judge asks a process apart, for one goroutine at a time.
type Judge struct {
	program string
	args    []string
	limits  Limits
	child   *child
}

// child is a process that answers.
type child struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan checker.Answer // closed when it has died
	said    head                // on standard error; to be read when answers is closed
}

// New makes a judge of a program that serves, with its arguments. The program starts
// when it is first asked.
func New(program string, args []string, limits Limits) *Judge {
	return &Judge{program: program, args: args, limits: limits.withDefaults()}
}

// Ask puts a question. Where there is no answer it is undecided, and the reason told.
func (j *Judge) Ask(q *checker.Question) checker.Answer {
	if j.child == nil {
		c, err := j.start()
		if err != nil {
			return undecided("the process for it does not start: %v", err)
		}
		j.child = c
	}
	go func(in io.Writer) { _ = json.NewEncoder(in).Encode(q) }(j.child.in) // a process that does not read is silent, too
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for waited := time.Duration(0); waited < j.limits.Patience; {
		select {
		case a, alive := <-j.child.answers:
			if alive {
				return a
			}
			return j.dead()
		case <-ticker.C:
			waited += time.Second
		}
	}
	j.Close()
	return undecided("its process was silent for %s and was ended", j.limits.Patience)
}

// dead tells why the process that was asked is no more.
func (j *Judge) dead() checker.Answer {
	c := j.child
	j.child = nil
	_ = c.in.Close()
	err := c.cmd.Wait()
	said := c.said.firstLine()
	switch {
	case noMemory(said):
		return undecided("its process needed more than the %d MiB of memory that it may have (%s)", j.limits.Memory>>20, said)
	case said != "":
		return undecided("its process was ended: %s", said)
	}
	return undecided("its process ended without an answer (%v)", err)
}

// noMemory is whether that is how Go's runtime says that it got none. Under the race
// detector, which lets the heap grow in one place only, it takes a refusal for a
// collision with what is mapped there.
func noMemory(said string) bool {
	return strings.Contains(said, "memory") || strings.Contains(said, "address space collisions")
}

// Close ends the process, if there is one.
func (j *Judge) Close() {
	c := j.child
	if c == nil {
		return
	}
	j.child = nil
	_ = c.in.Close()
	_ = c.cmd.Process.Kill()
	for range c.answers { // whatever it still said
	}
	_ = c.cmd.Wait()
}

func (j *Judge) start() (*child, error) {
	c := &child{cmd: exec.Command(j.program, j.args...), answers: make(chan checker.Answer)}
	c.cmd.Stderr = &c.said
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go c.read(out)
	// A process that dies before it has read them is found dead by the question.
	_ = json.NewEncoder(c.in).Encode(j.limits)
	return c, nil
}

func (c *child) read(out io.Reader) {
	defer close(c.answers)
	lines := json.NewDecoder(bufio.NewReader(out))
	for {
		var a checker.Answer
		if lines.Decode(&a) != nil {
			return
		}
		c.answers <- a
	}
}

func undecided(format string, args ...any) checker.Answer {
	return checker.Answer{Result: checker.Undecided, Why: fmt.Sprintf(format, args...)}
}

// head keeps the beginning of what a process says on standard error: the runtime
// begins with why, and goes on with every stack.
type head struct{ kept []byte }

// Write keeps a few kilobytes.
func (t *head) Write(b []byte) (int, error) {
	if n := 4096 - len(t.kept); n > 0 {
		t.kept = append(t.kept, b[:min(n, len(b))]...)
	}
	return len(b), nil
}

// firstLine that says something.
func (t *head) firstLine() string {
	for line := range bytes.Lines(t.kept) {
		if text := strings.TrimSpace(string(line)); text != "" {
			return text
		}
	}
	return ""
}
