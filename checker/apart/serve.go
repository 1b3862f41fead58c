package apart

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"trialog/checker"
)

// overdue is the status of a process that ends itself for its time.
const overdue = 4

// Serve answers questions until there are none. What takes too long, or too much
// memory, ends the process.
func Serve(in io.Reader, out io.Writer) error {
	questions := json.NewDecoder(bufio.NewReader(in))
	var limits Limits
	if err := questions.Decode(&limits); err != nil {
		return fmt.Errorf("no limits: %w", err)
	}
	limits = limits.withDefaults()
	if err := limits.impose(); err != nil {
		return fmt.Errorf("the memory cannot be bounded: %w", err)
	}
	var began atomic.Int64 // processor time when the question came; negative: none
	began.Store(-1)
	go watch(&began, limits.CPU)
	answers := json.NewEncoder(out)
	for {
		var q checker.Question
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("no question: %w", err)
		}
		began.Store(int64(processorTime()))
		a := checker.AnswerHere(&q, 0)
		began.Store(-1)
		if err := answers.Encode(&a); err != nil {
			return err
		}
	}
}

// watch ends the process when a question has taken its time.
func watch(began *atomic.Int64, most time.Duration) {
	for range time.Tick(20 * time.Millisecond) {
		if since := began.Load(); since >= 0 && processorTime()-time.Duration(since) > most {
			fmt.Fprintf(os.Stderr, "it took more than the %s of processor time that it may have\n", most)
			os.Exit(overdue)
		}
	}
}
