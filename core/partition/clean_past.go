package partition

// goesOn tells whether the pass under way may go on, between two of its jobs: the log
// is the one that it began with, but for segments at its front, which retention may
// take at any time. Those the pass leaves out. Were it to end for them, a log of both
// policies would stay as dirty as it is wherever a pass takes longer than the next
// segment needs to become too old.
//
// Their keys stay in the map and are in nobody's way: all that is older has gone, too.
func (j *Journal) goesOn(c *cleaning) bool {
	l := c.log
	if l.Incarnation != c.incarnation || !l.Serving() {
		return false
	}
	past := 0
	for past < len(c.sources) && c.sources[past].base < l.segments[0].base {
		past++
	}
	switch {
	case !c.sweeping && past > 0:
		c.leaveOut(past)
	case c.sweeping && c.out.version != 0 && past > c.first:
		j.discard(c)
		c.at, c.pos = past, 0
		c.sweeper.Removed, c.sweeper.Emptied, c.stats.Written = c.before.Removed, c.before.Emptied, c.before.Written
		c.stats.LeftOut += int64(past - c.first)
		c.stats.Anew++
	case c.sweeping && c.out.version == 0 && past > c.at:
		c.stats.LeftOut += int64(past - c.at)
		c.at = past
	}
	n := c.at
	if !c.sweeping {
		n = 0
	} else if c.out.version != 0 {
		n = c.first
	}
	return n == len(c.sources) || c.place(n) >= 0
}

// leaveOut takes the first n sources from a pass that has not begun to sweep.
func (c *cleaning) leaveOut(n int) {
	c.stats.LeftOut += int64(n)
	c.sources = c.sources[n:]
	if c.at -= n; c.at < 0 {
		c.at, c.pos = 0, 0
	}
}

// place is where the source stands in the log's table, -1 for nowhere.
func (c *cleaning) place(n int) int {
	i := c.log.segmentFor(c.sources[n].base)
	if c.log.segments[i].segmentName != c.sources[n].segmentName {
		return -1
	}
	return i
}
