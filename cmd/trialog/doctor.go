package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"trialog/node/doctor"
)

// doctorCommand examines a cluster, and a node's settings and directory.
type doctorCommand struct {
	ConfigFile string `name:"config" placeholder:"FILE" help:"Examine the settings that a node would start with from this file."`
	DataDir    string `placeholder:"DIR" help:"Examine this data directory."`
	Admin      string `placeholder:"HOST:PORT" help:"A node's admin address: is it ready, is its clock right."`
	APIs       bool   `name:"apis" help:"Also list each broker's API versions."`
}

// The verdicts of the doctor.
const (
	verdictFine    = "fine"
	verdictUnsafe  = "unsafe"
	verdictUnknown = "unknown" // something that was asked for could not be examined
)

// diagnosis is all that the doctor says.
type diagnosis struct {
	Verdict   string            `json:"verdict"`
	Cluster   *clusterView      `json:"cluster,omitempty"`
	Node      *nodeView         `json:"node,omitempty"`
	Directory *doctor.Directory `json:"directory,omitempty"`
	Files     int64             `json:"file_limit,omitempty"`
	Findings  []finding         `json:"findings"`
	Failures  []string          `json:"failures,omitempty"` // what could not be examined

	apis bool
}

// finding is advice about something.
type finding struct {
	Subject string `json:"subject"`
	doctor.Advice
}

// found adds what is said about a subject.
func (d *diagnosis) found(subject string, list ...doctor.Advice) {
	for _, a := range list {
		d.Findings = append(d.Findings, finding{subject, a})
	}
}

// bad adds something unsafe that is not about a setting.
func (d *diagnosis) bad(subject, rule, instead, risk string, args ...any) {
	d.found(subject, doctor.Advice{Rule: rule, Unsafe: true, Risk: fmt.Sprintf(risk, args...), Instead: instead})
}

func (d *diagnosis) failed(what string, err error) {
	d.Failures = append(d.Failures, fmt.Sprintf("%s: %v", what, err))
}

// conclude finds the verdict, and puts what is unsafe first.
func (d *diagnosis) conclude() {
	slices.SortStableFunc(d.Findings, func(a, b finding) int {
		switch {
		case a.Unsafe == b.Unsafe:
			return 0
		case a.Unsafe:
			return -1
		}
		return 1
	})
	switch {
	case len(d.Failures) > 0:
		d.Verdict = verdictUnknown
	case len(d.Findings) > 0 && d.Findings[0].Unsafe:
		d.Verdict = verdictUnsafe
	default:
		d.Verdict = verdictFine
	}
}

// Run carries out the command. Given only a file or a directory, it asks no cluster.
func (c *doctorCommand) Run(p *program) error {
	d := &diagnosis{Findings: []finding{}, apis: c.APIs}
	if c.ConfigFile != "" || c.DataDir != "" {
		if err := c.examineHere(p, d); err != nil {
			return err
		}
	}
	if c.Admin != "" {
		examineNode(p, d, c.Admin)
	}
	if len(p.client.Bootstrap) > 0 || c.ConfigFile == "" && c.DataDir == "" && c.Admin == "" {
		examineCluster(p, d)
	}
	d.conclude()
	if err := d.print(p); err != nil {
		return err
	}
	switch d.Verdict {
	case verdictUnknown:
		return errors.New(strings.Join(d.Failures, "; "))
	case verdictUnsafe:
		return notSo{fmt.Errorf("%s", counted(d.unsafe(), "thing is unsafe", "things are unsafe"))}
	}
	return nil
}

func (d *diagnosis) unsafe() int {
	n := 0
	for i := range d.Findings {
		if d.Findings[i].Unsafe {
			n++
		}
	}
	return n
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// syncsFor is how long syncs of a data directory are timed.
const syncsFor = time.Second

// examineHere looks at settings and the directory on this machine.
func (c *doctorCommand) examineHere(p *program, d *diagnosis) error {
	dir, nodeID := c.DataDir, int32(-1)
	if c.ConfigFile != "" {
		flags := settingFlags{ConfigFile: c.ConfigFile}
		if dir != "" {
			flags.DataDir = &dir
		}
		s, err := flags.load(p.env)
		if err != nil {
			return err
		}
		if nodeID, err = examineSettings(d, s); err != nil {
			return err
		}
		dir = s.get("data-dir")
	}
	view, err := doctor.LookAt(dir, syncsFor)
	if err != nil {
		d.failed(dir, err)
	} else {
		d.Directory = &view
		d.found(dir, view.Advise(nodeID)...)
		if c.ConfigFile == "" { // otherwise it stands among the settings
			d.found(dir, doctor.AdviseBroker(map[string]string{"log.dirs": dir}, 1)...)
		}
	}
	if d.Files, err = doctor.FileLimit(); err != nil {
		d.failed("the limit of open files", err)
	} else {
		d.found("this user", doctor.AdviseFiles(d.Files)...)
	}
	return nil
}

// examineSettings looks at what serve would start with.
func examineSettings(d *diagnosis, s *settings) (nodeID int32, err error) {
	const subject = "the settings"
	for _, u := range s.unknown {
		d.found(subject, doctor.Advice{Rule: "unknown-setting", Setting: u, Risk: "Nobody knows it, so it does nothing."})
	}
	values := map[string]string{"log.dirs": s.get("data-dir")}
	for name := range s.values {
		values[name] = s.get(name)
	}
	brokers := 1
	if v := s.get("quorum-voters"); v != "" {
		brokers = len(strings.Split(v, ","))
		if brokers%2 == 0 {
			d.found(subject, doctor.Advice{
				Rule: "even-voters", Setting: "quorum-voters", Value: v, Instead: "one voter more or less",
				Risk: fmt.Sprintf("%d voters survive the loss of no more than %d do.", brokers, brokers-1),
			})
		}
	}
	d.found(subject, doctor.AdviseBroker(values, brokers)...)
	adviseListener(d, subject, s.get("listen"), s.get("advertise"))
	id, err := strconv.ParseInt(s.get("node-id"), 10, 32)
	if err != nil || id < 0 {
		return -1, usage{fmt.Errorf("node-id %q is not a number from 0 on", s.get("node-id"))}
	}
	return int32(id), nil
}

// adviseListener compares where a node listens with what it tells clients.
func adviseListener(d *diagnosis, subject, listen, advertise string) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		d.bad(subject, "bad-address", "HOST:PORT", "listen is %q, which is no address.", listen)
		return
	}
	told, _, err := net.SplitHostPort(advertise)
	switch {
	case advertise == "":
	case err != nil:
		d.bad(subject, "bad-address", "HOST:PORT", "advertise is %q, which is no address.", advertise)
	case isLoopback(told) && !isLoopback(host):
		d.bad(subject, "told-loopback", "--advertise with a name that clients resolve",
			"It listens for other machines, but clients are told %s, where each finds itself.", advertise)
	case !isLoopback(told) && isLoopback(host):
		d.bad(subject, "listens-to-itself", "--listen :9092, or one of this machine's addresses",
			"Clients are told %s, but it listens on %s, where only this machine gets.", advertise, listen)
	}
}

// isLoopback tells whether a host is this machine to whoever asks.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
