// Command trialog-lab puts a log on trial: it runs declared scenarios over many
// seeds, replays and shrinks what fails, judges histories that anyone recorded,
// and measures its own power by re-introducing known bugs.
//
// Files: main.go (commands and exit status), run.go (seeds), explore.go (schedules), failure.go (what a
// failing run prints), progress.go, summary.go (the tables), arms.go (simulator,
// real processes, an address), replay.go, shrink.go, check.go, list.go,
// picture.go (pages), results.go and junit.go (what a run leaves behind),
// report.go, report_on.go and provenance.go (the guarantee report), power.go,
// power_hunter.go, power_chase.go, power_book.go, power_explore.go, power_more.go (false alarms,
// ablations), porcupine.go (the second judge in a process of its own), power_generated.go, power_stats.go, power_page.go and hunt.go (known and
// mechanical bugs), tree.go (copies of the source tree).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit statuses.
const (
	exitFine  = 0
	exitNotSo = 1 // a violation was found
	exitUsage = 2
	exitUnrun = 3 // could not run
)

// errNotSo says that what was asked about is not so; it has been printed.
var errNotSo = errors.New("a violation was found")

// usageError is a mistake in the command line that kong cannot see.
type usageError struct{ error }

// usage makes a usageError.
func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// stamp names the source tree that this program was built from; power sets it.
var stamp = "unstamped"

type commands struct {
	Run       runCommand       `cmd:"" help:"Run scenarios over many seeds and judge each."`
	Replay    replayCommand    `cmd:"" help:"Run one seed, or a stored tape, again, bit for bit."`
	Shrink    shrinkCommand    `cmd:"" help:"Find a shorter schedule that still fails, and store it as a tape."`
	Merge     mergeCommand     `cmd:"" help:"Put the results of the shards of one run together."`
	Report    reportCommand    `cmd:"" help:"Write the guarantee report: what holds, what breaks it, and how sure that is."`
	Check     checkCommand     `cmd:"" help:"Judge a history that anyone recorded."`
	Power     powerCommand     `cmd:"" help:"Re-introduce known bugs one by one and count what finds them."`
	List      listCommand      `cmd:"" help:"List scenarios, properties and faults."`
	Hunt      huntCommand      `cmd:"" hidden:"" help:"Run the random mix and print one line of JSON a seed."`
	Porcupine porcupineCommand `cmd:"" hidden:"" help:"Answer questions on standard input, a line each, within limits."`
	Version   versionCommand   `cmd:"" help:"Print which source tree this program was built from."`
}

// output is where commands print: results on out, progress and remarks on log.
type output struct {
	out, log io.Writer
}

func main() { os.Exit(realMain(os.Args[1:], output{os.Stdout, os.Stderr})) }

func realMain(args []string, to output) int {
	var c commands
	parser, err := kong.New(&c,
		kong.Name("trialog-lab"),
		kong.Description("Puts a log on trial: scenarios, seeds, verdicts.\n\nExit status: 0 fine, 1 a violation was found, 2 usage, 3 could not run."),
		kong.Writers(to.out, to.log),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err) // the struct above is wrong
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(to.log, "trialog-lab: %v\nTry trialog-lab --help.\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	return exitStatus(parsed.Run(to), to)
}

func exitStatus(err error, to output) int {
	var wrong usageError
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errNotSo):
		return exitNotSo
	case errors.As(err, &wrong):
		fmt.Fprintf(to.log, "trialog-lab: %v\n", err)
		return exitUsage
	default:
		fmt.Fprintf(to.log, "trialog-lab: %v\n", err)
		return exitUnrun
	}
}

type versionCommand struct{}

// Run prints the stamp.
func (versionCommand) Run(to output) error {
	fmt.Fprintln(to.out, "trialog-lab", stamp)
	return nil
}
