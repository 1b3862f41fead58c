package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ticksPerSecond is USER_HZ, in which Linux reports processor time on every
// architecture that Go runs on.
const ticksPerSecond = 100

// usage is what a process has taken so far.
type usage struct {
	CPU     time.Duration // user and system
	RSS     int64         // bytes resident at present
	PeakRSS int64         // bytes, at most so far
}

// usage reads /proc of the child, or of all nodes of a cluster.
func (p *process) usage() (usage, error) {
	sum, err := p.ownUsage()
	for _, one := range p.peers {
		u, peerErr := one.ownUsage()
		sum.CPU, sum.RSS, sum.PeakRSS = sum.CPU+u.CPU, sum.RSS+u.RSS, sum.PeakRSS+u.PeakRSS
		err = errors.Join(err, peerErr)
	}
	return sum, err
}

func (p *process) ownUsage() (usage, error) {
	dir := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		return usage{}, err
	}
	status, err := os.ReadFile(dir + "status")
	if err != nil {
		return usage{}, err
	}
	var u usage
	if u.CPU, err = parseStat(string(stat)); err != nil {
		return u, err
	}
	u.RSS, u.PeakRSS = statusBytes(string(status), "VmRSS"), statusBytes(string(status), "VmHWM")
	return u, nil
}

// parseStat reads the processor time of /proc/PID/stat, fields 14 and 15 of
// proc_pid_stat(5). The name, field 2, may hold spaces and parentheses.
func parseStat(line string) (time.Duration, error) {
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat is too short")
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * (time.Second / ticksPerSecond), err
}

// statusBytes reads a line "Name:  123 kB" of /proc/PID/status; 0 when it is
// not there.
func statusBytes(text, name string) int64 {
	_, rest, _ := strings.Cut(text, "\n"+name+":")
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), "kB")), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// ownCPU is the processor time of this program: the clients.
func ownCPU() time.Duration { return rusageCPU(unix.RUSAGE_SELF) }

// childrenCPU is that of all children that have ended.
func childrenCPU() time.Duration { return rusageCPU(unix.RUSAGE_CHILDREN) }

func rusageCPU(who int) time.Duration {
	var u unix.Rusage
	if unix.Getrusage(who, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// machineCPU is the processor time that the whole machine spent working, and
// that its hypervisor kept from it, since boot.
func machineCPU() (busy, stolen time.Duration, err error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	return parseMachineStat(string(b))
}

// parseMachineStat reads the first line of /proc/stat: user, nice, system, idle,
// iowait, irq, softirq, steal.
func parseMachineStat(text string) (busy, stolen time.Duration, err error) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, errors.New("/proc/stat does not begin with the sum of the processors")
	}
	var n [8]int64
	for i := range n {
		if n[i], err = strconv.ParseInt(fields[i+1], 10, 64); err != nil {
			return 0, 0, err
		}
	}
	const tick = time.Second / ticksPerSecond
	return time.Duration(n[0]+n[1]+n[2]+n[5]+n[6]) * tick, time.Duration(n[7]) * tick, nil
}
