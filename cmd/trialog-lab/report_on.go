package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/checker/history"
	"trialog/checker/picture"
	"trialog/checker/report"
	"trialog/scenarios"
	"trialog/scenarios/matrix"
)

// cluster is what an address tells of itself.
type cluster struct {
	brokers int
	facts   []report.Fact
}

// onAddress writes the report on a cluster that is not ours: the same workloads by
// an independent client, the same judge, and only the faults that a client can
// cause. It fails when something is violated, not when nothing was at risk.
func (c *reportCommand) onAddress(ctx context.Context, to output) error {
	began := time.Now()
	about, err := askCluster(ctx, strings.Split(c.On, ","))
	if err != nil {
		return err
	}
	result, err := c.runOn(ctx, to, about)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Output, 0o755); err != nil {
		return err
	}
	r := &report.Report{
		Title: about.title(c.On), Claims: claims(), Design: foreignDesign(result, about), Parts: matrix.Foreign(result),
		Foreign: true, NotTested: foreignNotTested(), Discussion: foreignDiscussion(),
	}
	for _, o := range result.Failures {
		if err := c.foreignViolation(r, o); err != nil {
			return err
		}
	}
	r.Abstract = foreignAbstract(r, result)
	facts, _, err := provenance([]*scenarios.Results{result})
	if err != nil {
		return err
	}
	r.Provenance = append(append(about.facts, facts...), report.Fact{Name: "written in", Value: time.Since(began).Round(time.Second).String()})
	if err := c.write(r); err != nil {
		return err
	}
	fmt.Fprintf(to.out, "%d seeds on %s, %d red\nwritten      %s\n", result.Seeds, c.On, result.Red, filepath.Join(c.Output, "report.html"))
	if result.Red > 0 {
		return errNotSo
	}
	return nil
}

// askCluster finds out what stands at an address.
func askCluster(ctx context.Context, seeds []string) (*cluster, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.DisableClientMetrics(), kgo.RequestTimeoutOverhead(10*time.Second))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	admin := kadm.NewClient(client)
	m, err := admin.BrokerMetadata(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(seeds, ","), err)
	}
	about := &cluster{brokers: len(m.Brokers)}
	fact := func(name, value string) { about.facts = append(about.facts, report.Fact{Name: name, Value: value}) }
	fact("cluster on trial", strings.Join(seeds, ", "))
	fact("cluster ID", m.Cluster)
	fact("brokers", fmt.Sprint(about.brokers))
	if versions, err := admin.ApiVersions(ctx); err == nil {
		for _, v := range versions.Sorted() {
			fact(fmt.Sprintf("broker %d speaks", v.NodeID), v.VersionGuess())
		}
	}
	configs, err := admin.DescribeBrokerConfigs(ctx, m.Brokers[0].NodeID)
	if err != nil || len(configs) == 0 {
		return about, nil // some do not tell
	}
	for _, name := range []string{"log.flush.interval.messages", "flush.messages", "min.insync.replicas", "default.replication.factor", "unclean.leader.election.enable"} {
		for _, x := range configs[0].Configs {
			if x.Key == name && x.Value != nil {
				fact(name, *x.Value)
			}
		}
	}
	return about, nil
}

func (k *cluster) title(address string) string {
	return "On trial: the Kafka-compatible cluster at " + address
}

// runOn runs what a client can try.
func (c *reportCommand) runOn(ctx context.Context, to output, about *cluster) (*scenarios.Results, error) {
	run := runCommand{Seeds: c.Seeds, Seed: c.Seed, Jobs: c.Jobs, On: c.On, Failures: 20, JSON: true, Scenarios: matrix.ForeignScenarios(about.brokers)}
	if c.Seeds == 0 {
		run.For = c.For
	}
	if c.Seed == nil {
		seed := freshSeed()
		run.Seed = &seed
	}
	var text bytes.Buffer
	if err := run.Run(ctx, output{&text, to.log}); err != nil && !errors.Is(err, errNotSo) {
		return nil, err
	}
	return scenarios.ReadResults(text.Bytes())
}

// foreignViolation writes a section on one red seed, from its kept history.
func (c *reportCommand) foreignViolation(r *report.Report, o *scenarios.Outcome) error {
	v := report.Violation{Claimed: true, Title: fmt.Sprintf("%s, seed %d", o.Scenario, o.Seed), Scenario: o.Scenario, Seed: o.Seed, Arm: o.Arm}
	if f := o.Failure; f != nil {
		v.Why = fmt.Sprintf("%s: %s. %s", f.Property, f.Anomaly, f.Text)
	}
	if o.HistoryFile != "" {
		file, err := os.Open(o.HistoryFile)
		if err != nil {
			return err
		}
		h, err := history.Read(file)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
		verdicts, err := judged(h)
		if err != nil {
			return err
		}
		v.Describe(verdicts, picture.Tell(h, verdicts).Lines())
		name := fmt.Sprintf("%s-%d", o.Scenario, o.Seed)
		v.Picture, v.History = name+".html", name+".jsonl"
		if err := c.files(&v, h, verdicts); err != nil {
			return err
		}
	}
	r.Violations = append(r.Violations, v)
	return nil
}

func foreignDesign(result *scenarios.Results, about *cluster) []string {
	var faults []string
	for i := range result.Scenarios {
		for _, f := range result.Scenarios[i].Faults {
			if name := f.Name; f.N > 0 && !slices.Contains(faults, name) {
				faults = append(faults, name)
			}
		}
	}
	return []string{
		"All evidence here is real, none of it simulated: of a running cluster (brokers: " + fmt.Sprint(about.brokers) + ") that was only spoken to. The only faults are those that a client can cause on its own connections (" + strings.Join(faults, ", ") + "). No process was killed or paused, no disk, clock or link between brokers was disturbed, so that what depends on such faults was not at risk and is not judged.",
		fmt.Sprintf("%d seeds were run of %s, for %s. A seed draws producers with and without idempotence, their batches and windows, consumers, topics and the faults; it draws the same plan again, not the same run. Clients are franz-go's; they make topics of their own (trial-…), and delete them.", result.Seeds, strings.Join(matrix.ForeignScenarios(about.brokers), ", "), time.Duration(result.Elapsed).Round(time.Second)),
		"Clients send records that name their writer and its count, read them by assignment, ask for offsets, and put down every call and return in one total order. Then every connection heals, and fresh consumers scan every partition from its beginning to its end. The judge is the one of Trialog's own report: linear-time checks over the whole history, and Porcupine on windows of every partition. VACUOUS means that nothing put the property at risk.",
	}
}

func foreignNotTested() []string {
	return []string{
		"Faults of brokers, disks, power, clocks and links between brokers; elections, restarts, full disks. What was acknowledged could only be lost by a cluster that loses it without any of these.",
		"Consumer groups, transactions, compaction, quotas, ACLs, TLS and SASL.",
		"Settings other than those that the provenance shows.",
	}
}

func foreignDiscussion() []string {
	return []string{
		"These trials can show that a fault exists; they cannot show that none does. A cluster that nobody disturbs is seldom wrong: a clean table here says that its protocol, its order and its deduplication withstand bad connections, and nothing about crashes.",
		"The trials, the judge and Trialog are by the same project. The histories can be judged again by anybody (trialog-lab check; --history keeps them all).",
	}
}

func foreignAbstract(r *report.Report, result *scenarios.Results) []string {
	counts := map[string]int{}
	for _, p := range r.Parts {
		for i := range p.Rows {
			counts[p.Rows[i].Real.Verdict]++
		}
	}
	return []string{
		fmt.Sprintf("Of %d properties, %d held at risk on this cluster, %d were violated or undecided, and %d were not at risk, in %d seeds under faults of clients' connections only.",
			counts[report.Holds]+counts[report.Violated]+counts[report.Red]+counts[report.Unknown]+counts[report.Vacuous],
			counts[report.Holds], counts[report.Violated]+counts[report.Red]+counts[report.Unknown], counts[report.Vacuous], result.Seeds),
	}
}
