package scenarios

import "slices"

// Small is a scenario's cluster with as little in it as shows anything: one
// partition, a producer of either sort, a consumer, and a few sends within two
// seconds, in which sessions end quickly. What others do besides is left out. It
// is where schedules are explored one by one.
func Small(s *Scenario) *Scenario {
	small := *s
	small.Topics.Topics, small.Topics.Partitions = Fixed(1), Fixed(1)
	acksOne := 0
	if s.Workload.AcksOne > 0 {
		acksOne = 100
	}
	small.Workload = Workload{
		Plain: Fixed(min(s.Workload.Plain.Max, 1)), Idempotent: Fixed(min(s.Workload.Idempotent.Max, 1)), Consumers: Fixed(1),
		Seconds: Fixed(2), Sends: Fixed(3), BatchRecords: Fixed(1), RecordBytes: Fixed(10), InFlight: Fixed(1), AcksOne: acksOne,
	}
	small.Needs = nil
	small.Cluster.Settings = slices.Clone(s.Cluster.Settings)
	for _, c := range []Setting{
		{"broker.session.timeout.ms", "400"}, {"broker.heartbeat.interval.ms", "100"}, {"replica.lag.time.max.ms", "500"},
	} {
		if !slices.ContainsFunc(small.Cluster.Settings, func(have Setting) bool { return have.Name == c.Name }) {
			small.Cluster.Settings = append(small.Cluster.Settings, c)
		}
	}
	return &small
}
