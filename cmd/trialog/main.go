package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit statuses.
const (
	exitFine   = 0
	exitNotSo  = 1 // the thing asked about is not so
	exitUsage  = 2
	exitNotRun = 3 // could not run
)

// cli is the command line.
type cli struct {
	JSON    bool             `help:"Print JSON instead of text."`
	Version kong.VersionFlag `help:"Print the version."`
	Client  clientFlags      `embed:"" group:"cluster"`

	Serve   serveCommand    `cmd:"" help:"Run a node."`
	Local   localCommand    `cmd:"" help:"Run a cluster of several nodes on this machine."`
	Config  configCommands  `cmd:"" help:"Settings: of a node before it runs, and of a cluster's topics and brokers."`
	Topic   topicCommands   `cmd:"" help:"Create, list, describe and delete topics."`
	Group   groupCommands   `cmd:"" help:"List, describe and delete consumer groups, and move what they have committed."`
	Cluster clusterCommands `cmd:"" help:"Describe a cluster, move partitions, elect leaders, choose the quorum's voters."`
	Doctor  doctorCommand   `cmd:"" help:"Say what clients are told, whether they can reach it, and what is unsafe."`
	Produce produceCommand  `cmd:"" help:"Write records, one a line, from standard input."`
	Consume consumeCommand  `cmd:"" help:"Read records and print them."`
}

// program is what a command works with.
type program struct {
	ctx  context.Context
	in   io.Reader
	out  io.Writer
	err  io.Writer
	env  []string
	json bool

	client *clientFlags
}

// notSo is an error that means: it ran, and the answer is no.
type notSo struct{ error }

// usage is an error of who typed the command.
type usage struct{ error }

func (n notSo) Unwrap() error { return n.error }
func (u usage) Unwrap() error { return u.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{ctx: ctx, in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Environ()}
	os.Exit(p.run(os.Args[1:]))
}

// run carries out a command line and returns the exit status.
func (p *program) run(args []string) (status int) {
	var c cli
	left := -1
	parser, err := kong.New(&c,
		kong.Name("trialog"),
		kong.Description("A durable log that speaks Kafka's protocol."),
		kong.Writers(p.out, p.err),
		kong.Exit(func(code int) { left = code; panic(leave{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.ExplicitGroups([]kong.Group{{Key: clientGroup, Title: "Flags of commands that talk to a cluster:"}}),
		kong.Vars{"version": version()},
		kong.Bind(p),
	)
	if err != nil {
		fmt.Fprintln(p.err, "trialog:", err)
		return exitNotRun
	}
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(leave); !ok {
				panic(r)
			}
			status = left
		}
	}()
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(p.err, "trialog:", err)
		fmt.Fprintln(p.err, "Run `trialog --help`, or `trialog COMMAND --help`.")
		return exitUsage
	}
	p.json, p.client = c.JSON, &c.Client
	if err := fits(parsed); err != nil {
		return p.exit(err)
	}
	return p.exit(parsed.Run())
}

// clientGroup is the group of the flags that reach a cluster.
const clientGroup = "cluster"

// lonely is a command that talks to no broker.
type lonely interface{ lonely() }

// fits refuses flags that mean nothing to the command, rather than ignore them.
func fits(parsed *kong.Context) error {
	target := parsed.Selected().Target
	if _, alone := target.Addr().Interface().(lonely); !alone {
		return nil
	}
	for _, step := range parsed.Path {
		if f := step.Flag; f != nil && f.Group != nil && f.Group.Key == clientGroup {
			return usage{fmt.Errorf("--%s means nothing to %q, which talks to no broker", f.Name, parsed.Selected().Path())}
		}
	}
	return nil
}

// leave unwinds from a flag that ends the program, such as --help.
type leave struct{}

// exit tells what went wrong and chooses the status.
func (p *program) exit(err error) int {
	if err == nil {
		return exitFine
	}
	fmt.Fprintln(p.err, "trialog:", err)
	var no notSo
	var use usage
	switch {
	case errors.As(err, &use):
		return exitUsage
	case errors.As(err, &no):
		return exitNotSo
	default:
		return exitNotRun
	}
}

// release is the version that a release is stamped with, by the linker.
var release string

// version is the release, the module's version, or the commit that the program
// was built from.
func version() string {
	if release != "" {
		return release + " " + runtime.Version()
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v += " " + s.Value[:12]
		}
	}
	return v + " " + info.GoVersion
}
