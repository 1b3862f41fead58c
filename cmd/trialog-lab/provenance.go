package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"trialog/checker/report"
	"trialog/scenarios"
)

// provenance says where a report is from, and names the source tree.
func provenance(runs []*scenarios.Results) (facts []report.Fact, tree string, err error) {
	fact := func(name, format string, args ...any) {
		facts = append(facts, report.Fact{Name: name, Value: fmt.Sprintf(format, args...)})
	}
	if root, err := moduleRoot(); err == nil {
		fact("commit", "%s", commit())
		dir, err := os.MkdirTemp("", "trialog-tree-")
		if err != nil {
			return nil, "", err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if tree, err = copyTree(root, dir); err != nil {
			return nil, "", err
		}
		fact("source tree", "%s", tree)
	}
	fact("program", "%s", stamp)
	declared, err := json.Marshal(scenarios.All()) // not %+v: it would print addresses
	if err != nil {
		return nil, "", err
	}
	fact("configuration hash", "%x (of every declared scenario)", sha256.Sum256(declared))
	for i, r := range runs {
		fact(fmt.Sprintf("run %d", i+1), "%s: %d seeds from %d on, %s of processor time, %s of real time, program %s",
			r.Arm, r.Seeds, r.FirstSeed, time.Duration(r.CPU).Round(time.Second), time.Duration(r.Elapsed).Round(time.Second), r.Stamp)
	}
	fact("machine", "%s", machine())
	fact("written", "%s", time.Now().UTC().Format(time.RFC3339))
	return facts, tree, nil
}

// commit names the source tree that we stand in, with a "+" when it was changed
// since; "" outside of one.
func commit() string {
	root, err := moduleRoot()
	if err != nil {
		return ""
	}
	head, err := exec.Command("git", "-C", root, "rev-parse", "HEAD").Output()
	if err != nil {
		return ""
	}
	name := strings.TrimSpace(string(head))
	if changed, err := exec.Command("git", "-C", root, "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(changed) > 0 {
		name += "+"
	}
	return name
}

// machine names the processor.
func machine() string {
	text := fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return text
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return text + ", " + strings.TrimSpace(value)
		}
	}
	return text
}

// claims are the promises under test, by the settings that make them.
func claims() []report.Claim {
	const configs, semantics = "Kafka's documentation, producer and topic configuration", "Kafka's documentation, design, message delivery semantics"
	return []report.Claim{
		{Setting: "acks=all", Says: "the leader waits for the full set of in-sync replicas before it acknowledges; the record is not lost as long as one of them remains alive", Source: configs},
		{Setting: "acks=1", Says: "the leader acknowledges once it has the record itself; if it fails before a follower has it, the record is lost", Source: configs},
		{Setting: "min.insync.replicas", Says: "with acks=all, the fewest replicas in sync that must have a write for it to succeed; below it the producer gets NOT_ENOUGH_REPLICAS, and with eligible leader replicas the high watermark stands still", Source: configs + "; KIP-966"},
		{Setting: "unclean.leader.election.enable", Says: "when true, a replica out of the in-sync set may lead as a last resort, and records may be lost", Source: configs},
		{Setting: "flush.messages", Says: "after how many records an fsync is forced; Kafka's default leaves it to the operating system and relies on replication, ours is 1", Source: configs + "; docs/DIVERGENCES.md"},
		{Setting: "enable.idempotence", Says: "exactly one copy of each record is written, in the order of the sends, in spite of retries", Source: configs + "; KIP-98"},
		{Setting: "committed records", Says: "a record is committed once all in-sync replicas have applied it, only committed ones are given to consumers, and a committed one is not lost while a replica in sync is alive", Source: semantics},
	}
}

func design(runs []*scenarios.Results) []string {
	seeds := 0
	for _, r := range runs {
		seeds += r.Seeds
	}
	return []string{
		fmt.Sprintf("%d seeds were run of %d declared scenarios. A seed draws the workload, the limits and timeouts of brokers, which faults strike, how often, when and whom: it stands for one member of a family. In the simulator time is virtual, and a run is the same again, bit for bit, from scenario, seed and source tree; on real processes the same seed draws the same faults, not the same run.", seeds, len(scenarios.All())),
		"Clients send records that name their writer and its count, read them by assignment, ask for offsets, and put down every call and return in one total order. One logical send is one operation, however many attempts it took; it fails only if it can never take effect, and counts as unclear in every other case. After the faults everything heals, and fresh consumers scan every partition from its beginning to its end.",
		"A judge that shares no code with what it judges decides each property on that history: linear-time checks over the whole of it, and Porcupine on windows of every partition. What is claimed is computed from the settings and from the faults that struck. A verdict is HOLDS only where the property was at risk; VACUOUS and UNKNOWN count as failures. In the simulator an observer compares all replicas after every step as well.",
		"A row that is claimed must also be able to fail: known bugs are brought back one by one, and the same random mix must find them. A row that is not claimed must show its loss.",
	}
}

func notTested(runs []*scenarios.Results) []string {
	list := []string{
		"Clusters of other sizes than one, two, three and five brokers.",
		"Transactions, quotas and ACLs; on real processes groups of the consumer protocol (KIP-848) and compaction.",
		"Corruption in transit that a CRC does not see, misdirected reads and writes, and firmware that lies about fsync.",
		"More than about a minute of virtual time, 2,000 acknowledged sends and ten clients in one run.",
		"Bit rot in clusters whose topics are not synced, and a disk that dies for good while others fail.",
	}
	real := false
	for _, r := range runs {
		real = real || r.Arm == onLocal
	}
	if !real {
		list = append(list, "Real processes: this report was given no run of them (trialog-lab run --on local --json).")
	}
	return list
}

func discussion() []string {
	return []string{
		"These trials can show that a fault exists; they cannot show that none does. A bound of 3/N speaks of the distribution that was drawn from: a schedule that it never draws is outside of it.",
		"Users who need more than one broker's word ask for acks=all with min.insync.replicas of 2 or more, and leave unclean.leader.election.enable off. Who sets flush.messages to Kafka's default takes on the loss of everything unsynced when the power goes everywhere at once, which the last part of the matrix shows.",
		"The author of the system and of the trials is the same project. What speaks for the judge is the table of known bugs, the rows that must fail, and that histories and commands are given so that others can judge again.",
	}
}

func abstract(r *report.Report, runs []*scenarios.Results) []string {
	counts := r.Counts()
	claimed, red := 0, counts[report.Violated]+counts[report.Red]
	for _, p := range r.Parts {
		for i := range p.Rows {
			if p.Rows[i].Claimed {
				claimed++
			}
		}
	}
	seeds, cpu := 0, int64(0)
	for _, x := range runs {
		seeds, cpu = seeds+x.Seeds, cpu+x.CPU
	}
	text := fmt.Sprintf("Of %d guarantees that Trialog claims, %d held at risk in %d seeds (%s of processor time), %d were violated or broke something else, and %d were not decided.",
		claimed, counts[report.Holds], seeds, time.Duration(cpu).Round(time.Second), red, claimed-counts[report.Holds]-red)
	shown := fmt.Sprintf("Of %d losses that it does not claim to survive, %d were shown, each with its history and picture.", counts[report.Shown]+counts[report.NotShown], counts[report.Shown])
	if r.Power != nil {
		shown += fmt.Sprintf(" Of %d known bugs that were brought back, the same trials found %d.", r.Power.Of, r.Power.Found)
	}
	return []string{text, shown, "Trialog is a replicated log that speaks Kafka's protocol. This report says which guarantee holds under which settings and faults, what breaks it, and how sure that is."}
}
