package main

import "time"

// plan is how much is measured.
type plan struct {
	mode         string
	rounds       int
	space        int64 // free bytes that the data of one round may take
	replicated   bool  // clusters of three nodes are measured, and nothing else
	cells        []cell
	closed       span // of a closed load
	open         span // of an open load
	coldBytes    int  // of the log that is read
	tailing      span
	settle       time.Duration // after the start, before a server counts as idle
	idle         time.Duration // over which idle processor time is measured
	busy         span          // of the load under which memory is measured
	journalBytes []int         // written before each kill
	profile      span          // of the loads that are profiled, whole seconds
}

// quickPlan takes about two minutes: a few cells, short spans.
func quickPlan() plan {
	return plan{
		mode: "quick", rounds: 3, space: 8 << 30,
		cells: []cell{
			{size: 1 << 10, producers: 1, partitions: 1},
			{size: 1 << 10, producers: 16, partitions: 1, pipelined: true, latency: true},
			{size: 1 << 10, producers: 256, partitions: 1},
			{size: 64 << 10, producers: 16, partitions: 1, pipelined: true},
			{size: 1 << 10, producers: 16, partitions: 100},
		},
		closed:       span{100 * time.Millisecond, 400 * time.Millisecond},
		open:         span{200 * time.Millisecond, 800 * time.Millisecond},
		coldBytes:    128 << 20,
		tailing:      span{200 * time.Millisecond, 800 * time.Millisecond},
		settle:       500 * time.Millisecond,
		idle:         3 * time.Second,
		busy:         span{100 * time.Millisecond, 400 * time.Millisecond},
		journalBytes: []int{64 << 20},
		profile:      span{200 * time.Millisecond, 2 * time.Second},
	}
}

// defaultPlan measures every cell, each for a second.
func defaultPlan() plan {
	return plan{
		mode: "default", rounds: 5, space: 24 << 30, cells: allCells(),
		closed:       span{300 * time.Millisecond, time.Second},
		open:         span{500 * time.Millisecond, 4 * time.Second},
		coldBytes:    1 << 30,
		tailing:      span{500 * time.Millisecond, 4 * time.Second},
		settle:       2 * time.Second,
		idle:         10 * time.Second,
		busy:         span{500 * time.Millisecond, 3 * time.Second},
		journalBytes: []int{16 << 20, 64 << 20, 256 << 20},
		profile:      span{500 * time.Millisecond, 4 * time.Second},
	}
}

// fullPlan is the default with longer spans and a larger log.
func fullPlan() plan {
	p := defaultPlan()
	p.mode, p.space = "full", 60<<30
	p.closed = span{time.Second, 4 * time.Second}
	p.open = span{time.Second, 20 * time.Second}
	p.coldBytes = 4 << 30
	p.tailing = span{time.Second, 20 * time.Second}
	p.busy = span{time.Second, 10 * time.Second}
	p.journalBytes = []int{16 << 20, 64 << 20, 256 << 20, 448 << 20}
	p.profile = span{time.Second, 10 * time.Second}
	return p
}

// allCells is the matrix; latency at a fixed rate is measured with 16 producers.
func allCells() []cell {
	var list []cell
	for _, partitions := range []int{1, 100, 1000} {
		for _, size := range []int{1 << 10, 64 << 10} {
			for _, producers := range []int{1, 16, 256} {
				list = append(list, cell{size: size, producers: producers, partitions: partitions, pipelined: true, latency: producers == 16})
			}
		}
	}
	return list
}

// partitions lists the numbers of partitions of the cells, each once.
func (p *plan) partitions() []int {
	var list []int
	seen := make(map[int]bool)
	for _, c := range p.cells {
		if !seen[c.partitions] {
			seen[c.partitions] = true
			list = append(list, c.partitions)
		}
	}
	return list
}
