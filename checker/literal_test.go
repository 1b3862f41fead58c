package checker

import (
	"strings"
	"testing"

	"trialog/checker/history"
)

type tale struct {
	name   string
	header history.Header
	text   string
	finds  string // as summary writes it; "": nothing
}

func runTales(t *testing.T, tales []tale) {
	t.Helper()
	for _, c := range tales {
		t.Run(c.name, func(t *testing.T) {
			if c.header.Topics == nil {
				c.header.Topics = synced().Topics
			}
			r := Check(story(t, c.header, c.text), Options{})
			if got := summary(r); got != c.finds {
				var b strings.Builder
				if err := r.Text(&b); err != nil {
					t.Fatal(err)
				}
				t.Errorf("found %q, want %q\n%s", got, c.finds, b.String())
			}
		})
	}
}

const quiet = `
	a send 1 -> ok 0
	a send 2 -> ok 1
	b poll at=0 -> ok 0:1,1:2 to=2 hw=2
	! crash 0 kill
	a send 3 -> ok 2
	b poll at=2 -> ok 2:3 to=3 hw=3
	z scan at=0 -> ok 0:1,1:2 to=2 hw=3
	z scan at=2 -> ok 2:3 to=3 hw=3`

func TestOffsetConsistency(t *testing.T) {
	runTales(t, []tale{
		{name: "all agree", text: quiet},
		{name: "two acknowledgements at one offset", text: `
			a send 1 -> ok 0
			b send 2 -> ok 0
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "1 inconsistent-offsets, 3 lost-write, 8 UNKNOWN"},
		{name: "an acknowledgement and a read", text: `
			a send 1 -> ok 0
			x=b send 2
			z scan at=0 -> ok 0:2 to=1 hw=1`, finds: "1 inconsistent-offsets, 3 lost-write, 8 UNKNOWN"},
		{name: "two reads, though both polls are unclear", text: `
			x=a send 1
			y=a send 2
			b poll at=0 -> info TIMEOUT 0:1
			c poll at=0 -> fail TIMEOUT 0:2
			z scan at=0 -> ok 0:2 to=1 hw=1`, finds: "1 inconsistent-offsets, 3 vanished, 8 UNKNOWN"},
		{name: "the same offset of two partitions", text: `
			a send 1 -> ok 0
			a send 2 p=1 -> ok 0
			z scan at=0 -> ok 0:1 to=1 hw=1
			z scan at=0 p=1 -> ok 0:2 to=1 hw=1`},
		{name: "a send that failed proves nothing about offsets", text: `
			a send 1 -> fail INVALID 0
			a send 2 -> ok 0
			z scan at=0 -> ok 0:2 to=1 hw=1`},
		{name: "no offset was told", text: `
			a send 1 acks=0 -> ok
			a send 2 -> ok 1
			z scan at=0 -> ok 0:1,1:2 to=2 hw=2`},
	})
}

func TestNoPhantom(t *testing.T) {
	runTales(t, []tale{
		{name: "a record from nowhere", text: `
			a send 1 -> ok 0
			z scan at=0 -> ok 0:1,1:9.5 to=2 hw=2`, finds: "2 phantom-read"},
		{name: "a record of another partition", text: `
			a send 1 -> ok 0
			a send 2 p=1 -> ok 0
			b poll at=0 -> ok 0:1,1:2
			z scan at=0 -> ok 0:1 to=2 hw=2
			z scan at=0 p=1 -> ok 0:2 to=1 hw=1`, finds: "2 misrouted-read"},
		{name: "a send that definitely failed", text: `
			a send 1 -> fail OUT_OF_ORDER_SEQUENCE_NUMBER
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "2 G1a"},
		{name: "a send whose outcome is not known, revealed by a read", text: `
			a send 1 -> info REQUEST_TIMED_OUT
			z scan at=0 -> ok 0:1 to=1 hw=1`},
		{name: "a record read before it was sent", text: `
			b poll at=0 -> ok 0:1
			a send 1 -> ok 0
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "2 read-before-send, 8 early-read"},
	})
}

func TestDurability(t *testing.T) {
	retention := topic(func(t *history.Topic) { t.Retention = true })
	compacted := topic(func(t *history.Topic) { t.Compacted = true })
	runTales(t, []tale{
		{name: "acknowledged and gone", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			a send 3 -> ok 2
			z scan at=0 -> ok 0:1,2:3 to=3 hw=3`, finds: "3 lost-write"},
		{name: "read and gone, though its send is unclear", text: `
			a send 1 -> ok 0
			x=a send 2
			a send 3 -> ok 2
			b poll at=0 -> ok 0:1,1:2,2:3
			z scan at=0 -> ok 0:1,2:3 to=3 hw=3`, finds: "3 vanished"},
		{name: "unclear and never seen", text: `
			a send 1 -> ok 0
			a send 2 -> info REQUEST_TIMED_OUT
			z scan at=0 -> ok 0:1 to=1 hw=1`},
		{name: "offsets are sparse: control records", text: `
			a send 1 -> ok 0
			a send 2 -> ok 5
			z scan at=0 -> ok 0:1,5:2 to=7 hw=7`},
		{name: "an inconsistent offset hides a lost write", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			x=c send 3
			z scan at=0 -> ok 0:1,1:3 to=2 hw=2`, finds: "1 inconsistent-offsets, 3 lost-write, 8 UNKNOWN"},
		{name: "an inconsistent offset, and nothing is lost: it lies elsewhere", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			x=c send 3
			z scan at=0 -> ok 0:1,1:3,2:2 to=3 hw=3`, finds: "1 inconsistent-offsets, 5 (NOT-CLAIMED duplicate), 8 UNKNOWN"},
		{name: "acknowledged after its part was scanned", text: `
			z scan at=0 -> ok to=0 hw=0
			a send 1 -> ok 0
			z scan at=0 -> ok to=1 hw=1`, finds: "3 lost-write"},
		{name: "acknowledged after the scan", text: `
			a send 1 -> ok 0
			z scan at=0 -> ok 0:1 to=1 hw=1
			a send 2 -> ok 1`, finds: "3 UNKNOWN"},
		{name: "read after the scan, of a send that was given up", text: `
			a send 1 -> ok 0
			a send 2 -> info REQUEST_TIMED_OUT
			z scan at=0 -> ok 0:1 to=1 hw=1
			b poll at=0 -> ok 0:1,1:2 to=2 hw=2`},
		{name: "read before the scan, and beyond its end", text: `
			a send 1 -> ok 0
			a send 2 -> info REQUEST_TIMED_OUT
			b poll at=0 -> ok 0:1,1:2 to=2
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "3 UNKNOWN, 4 unseen, 8 high-watermark-went-back"},
		{name: "no scan", text: `
			a send 1 -> ok 0
			b poll at=0 -> ok 0:1`, finds: "3 UNKNOWN, 4 UNKNOWN"},
		{name: "the scan stops early", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			z scan at=0 -> ok 0:1 to=1 hw=2`, finds: "3 UNKNOWN, 4 UNKNOWN"},
		{name: "the scan jumps", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			a send 3 -> ok 2
			z scan at=0 -> ok 0:1 to=1 hw=3
			z scan at=2 -> ok 2:3 to=3 hw=3`, finds: "3 UNKNOWN, 4 UNKNOWN"},
		{name: "a crash after the scan began", text: `
			a send 1 -> ok 0
			z scan at=0 -> ok 0:1 to=1 hw=1
			! crash 0 power`, finds: "3 UNKNOWN, 4 UNKNOWN"},
		{name: "the last scan counts", text: `
			a send 1 -> ok 0
			y scan at=0 -> ok 0:1 to=1 hw=1
			! crash 0 power
			z scan at=0 -> ok to=1 hw=1`, finds: "3 lost-write"},
		{name: "two scans at once", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			y scan at=0 -> ok 0:1 to=1 hw=2
			z scan at=0 -> ok 0:1 to=1 hw=2
			y scan at=1 -> ok 1:2 to=2 hw=2
			z scan at=1 -> ok 1:2 to=2 hw=2`},
		{name: "records deleted on demand", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			c delete at=1 -> ok 1
			z scan at=1 -> ok 1:2 to=2 hw=2 st=1`},
		{name: "records deleted, perhaps", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			c delete at=1 -> info TIMEOUT
			z scan at=1 -> ok 1:2 to=2 hw=2 st=1`},
		{name: "deletion was refused, yet the log start moved", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			c delete at=1 -> fail POLICY_VIOLATION
			z scan at=1 -> ok 1:2 to=2 hw=2 st=1`, finds: "3 lost-write"},
		{name: "retention moved the log start", header: retention, text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			z scan at=1 -> ok 1:2 to=2 hw=2 st=1`},
		{name: "retention does not make holes", header: retention, text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			a send 3 -> ok 2
			z scan at=1 -> ok 2:3 to=3 hw=3 st=1`, finds: "3 lost-write"},
		{name: "compaction is judged elsewhere", header: compacted, text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			z scan at=0 -> ok 1:2 to=2 hw=2`},
	})
}

func TestTailDurability(t *testing.T) {
	runTales(t, []tale{
		{name: "the log ends before what was acknowledged", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			! crash 0 power
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "3 UNKNOWN, 4 unseen, 8 stale-read"},
		{name: "the log ends before what was read", text: `
			a send 1 -> ok 0
			x=a send 2
			b poll at=0 -> ok 0:1,1:2 to=2 hw=2
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "3 UNKNOWN, 4 unseen, 8 high-watermark-went-back"},
	})
}

// passedAndAgain is an idempotent send whose first copy is read, and passed by the log
// start, before it is answered from another offset.
const passedAndAgain = `
	x=a send 1 idem
	b poll at=0 -> ok 0:1 to=1 hw=1
	! log-start p=0 st=1
	x -> ok 1
	z scan at=1 -> ok 1:1 to=2 hw=2 st=1`

func deleting(replicas int) history.Header {
	return topic(func(t *history.Topic) { t.Replicas, t.Retention = replicas, true })
}

func TestNoDuplicate(t *testing.T) {
	runTales(t, []tale{
		{name: "an idempotent producer's record twice", text: `
			a send 1 idem -> ok 0
			a send 2 idem -> ok 1
			z scan at=0 -> ok 0:1,1:2,2:1 to=3 hw=3`, finds: "5 duplicate"},
		{name: "acknowledged at one offset, read at another", text: `
			a send 1 idem -> ok 0
			a send 2 idem -> ok 1
			z scan at=0 -> ok 1:2,2:1 to=3 hw=3`, finds: "5 duplicate"},
		{name: "unclear, and there twice", text: `
			x=a send 1 idem
			z scan at=0 -> ok 0:1,1:1 to=2 hw=2`, finds: "5 duplicate"},
		{name: "a plain producer may", text: `
			a send 1 -> ok 1
			z scan at=0 -> ok 0:1,1:1 to=2 hw=2`, finds: "5 (NOT-CLAIMED duplicate)"},
		{name: "several replicas forget whose records the log start has passed", header: deleting(3), text: passedAndAgain, finds: "5 (NOT-CLAIMED duplicate)"},
		{name: "a single one does not", header: deleting(1), text: passedAndAgain, finds: "5 duplicate"},
		{name: "a plain producer's duplicates excuse nobody else", text: `
			a send 1 -> ok 1
			b send 2 idem -> info REQUEST_TIMED_OUT
			z scan at=0 -> ok 0:1,1:1,2:2 to=3 hw=3`, finds: "5 (HOLDS duplicate)"},
		{name: "read twice at one offset", text: `
			a send 1 idem -> ok 0
			b poll at=0 -> ok 0:1
			c poll at=0 -> ok 0:1
			z scan at=0 -> ok 0:1 to=1 hw=1`},
	})
}

func TestProducerOrder(t *testing.T) {
	runTales(t, []tale{
		{name: "pipelined, in order", text: `
			x=a send 1 idem
			y=a send 2 idem
			y -> ok 1
			x -> ok 0
			z scan at=0 -> ok 0:1,1:2 to=2 hw=2`},
		{name: "pipelined, out of order", text: `
			x=a send 1 idem
			y=a send 2 idem
			x -> ok 1
			y -> ok 0
			z scan at=0 -> ok 0:2,1:1 to=2 hw=2`, finds: "6 nonmonotonic-send"},
		{name: "unclear sends count where they are seen", text: `
			x=a send 1 idem
			y=a send 2 idem
			z scan at=0 -> ok 0:2,1:1 to=2 hw=2`, finds: "6 nonmonotonic-send"},
		{name: "a plain producer may", text: `
			x=a send 1
			y=a send 2
			x -> ok 1
			y -> ok 0
			z scan at=0 -> ok 0:2,1:1 to=2 hw=2`, finds: "6 (NOT-CLAIMED nonmonotonic-send)"},
		{name: "another producer ID begins anew", text: `
			x=a send 1 pid=7
			y=a send 2 pid=8
			x -> ok 1
			y -> ok 0
			z scan at=0 -> ok 0:2,1:1 to=2 hw=2`},
		{name: "within one send", text: `
			a send 1,2 idem -> ok
			z scan at=0 -> ok 0:2,1:1 to=2 hw=2`, finds: "6 int-nonmonotonic-send"},
		{name: "partitions have no common order", text: `
			a send 1 idem -> ok 5
			a send 2 idem p=1 -> ok 0
			z scan at=0 -> ok 5:1 to=6 hw=6
			z scan at=0 p=1 -> ok 0:2 to=1 hw=1`},
	})
}

func TestAppendRealtime(t *testing.T) {
	runTales(t, []tale{
		{name: "one after the other", text: `
			a send 1 -> ok 1
			b send 2 -> ok 0
			z scan at=0 -> ok 0:2,1:1 to=2 hw=2`, finds: "7 realtime-nonmonotonic-send, 8 realtime-nonmonotonic-send"},
		{name: "at the same time", text: `
			x=a send 1
			b send 2 -> ok 0
			x -> ok 1
			z scan at=0 -> ok 0:2,1:1 to=2 hw=2`},
		{name: "the other way round", text: `
			x=a send 1
			b send 2 -> ok 1
			x -> ok 0
			z scan at=0 -> ok 0:1,1:2 to=2 hw=2`},
		{name: "the later one was not acknowledged, but seen", text: `
			a send 1 -> ok 1
			y=b send 2
			z scan at=0 -> ok 0:2,1:1 to=2 hw=2`, finds: "7 realtime-nonmonotonic-send, 8 realtime-nonmonotonic-send"},
		{name: "the earlier one was not acknowledged", text: `
			y=b send 2
			a send 1 -> ok 0
			z scan at=0 -> ok 0:1,1:2 to=2 hw=2`},
	})
}

func TestLogLinearizable(t *testing.T) {
	three := topic(func(t *history.Topic) { t.Replicas, t.MinISR = 3, 2 })
	runTales(t, []tale{
		{name: "a quiet run", text: quiet},
		{name: "a read misses what was acknowledged before", text: `
			a send 1 -> ok 0
			b poll at=0 -> ok to=0 hw=0
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "8 stale-read"},
		{name: "a read at the same time may miss it", text: `
			x=a send 1
			b poll at=0 -> ok to=0 hw=0
			x -> ok 0
			z scan at=0 -> ok 0:1 to=1 hw=1`},
		{name: "the end of the log goes back", text: `
			x=a send 1
			b list -> ok 1
			c list -> ok 0
			x -> ok 0
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "8 high-watermark-went-back"},
		{name: "a read above the high watermark", text: `
			a send 1 -> ok 0
			y=a send 2
			b poll at=0 -> ok 0:1,1:2 to=2 hw=1
			z scan at=0 -> ok 0:1,1:2 to=2 hw=2`, finds: "8 read-above-high-watermark"},
		{name: "a record seen that was sent later than another one behind it", text: `
			x=a send 2
			b poll at=0 -> ok 1:2 to=2
			c send 1 -> ok 0
			x -> ok 1
			z scan at=0 -> ok 0:1,1:2 to=2 hw=2`, finds: "8 early-read, 9 poll-skip"},
		{name: "a follower may lag", text: `
			a send 1 -> ok 0
			b poll at=0 -> ok to=0 hw=0 ff
			z scan at=0 -> ok 0:1 to=1 hw=1`},
		{name: "a deposed leader may lag", header: three, text: `
			a send 1 -> ok 0
			b poll at=0 -> ok to=0 hw=0
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "8 (NOT-CLAIMED stale-read)"},
		{name: "a deposed leader may tell an old end", header: three, text: `
			! leader p=0 e=1 1
			a send 1 -> ok 0
			! leader p=0 e=2 2
			b list -> ok 0 e=1
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "8 (NOT-CLAIMED stale-read)"},
		{name: "one that is deposed meanwhile, too", header: three, text: `
			! leader p=0 e=1 1
			a send 1 -> ok 0
			x=b list
			! leader p=0 e=2 2
			x -> ok 0 e=1
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "8 (NOT-CLAIMED stale-read)"},
		{name: "the newest leader must not", header: three, text: `
			! leader p=0 e=1 1
			a send 1 -> ok 0
			! leader p=0 e=2 2
			b list -> ok 0 e=2
			z scan at=0 -> ok 0:1 to=1 hw=1`, finds: "8 stale-read"},
		{name: "with acks=1 the high watermark follows later", header: three, text: `
			a send 1 acks=1 -> ok 0
			b poll at=0 -> ok to=0 hw=0
			z scan at=0 -> ok 0:1 to=1 hw=1`},
		{name: "a batch takes effect at once", text: `
			a send 1,2,3 -> ok 0
			b poll at=0 -> ok 0:1 to=1 hw=3
			b poll at=1 -> ok 1:2,2:3 to=3 hw=3
			z scan at=0 -> ok 0:1,1:2,2:3 to=3 hw=3`},
	})
}

func TestSessionMonotonicReads(t *testing.T) {
	log := func(more string) string {
		return `
			a send 1 -> ok 0
			a send 2 -> ok 1
			a send 3 -> ok 2
			a send 4 -> ok 3` + more + `
			z scan at=0 -> ok 0:1,1:2,2:3,3:4 to=4 hw=4`
	}
	runTales(t, []tale{
		{name: "polls that follow each other", text: log(`
			b poll at=0 -> ok 0:1 to=1
			b poll at=1 -> ok 1:2,2:3 to=3`)},
		{name: "a skip between polls", text: log(`
			b poll at=0 -> ok 0:1
			b poll -> ok 2:3`), finds: "9 poll-skip"},
		{name: "a skip within a poll", text: log(`
			b poll at=0 -> ok 0:1,2:3`), finds: "9 int-poll-skip"},
		{name: "a skip before the first record", text: log(`
			b poll at=1 -> ok 2:3`), finds: "9 poll-skip"},
		{name: "a skip by position", text: log(`
			b poll at=0 -> ok 0:1 to=2`), finds: "9 poll-skip"},
		{name: "back between polls", text: log(`
			b poll at=0 -> ok 0:1,1:2
			b poll -> ok 1:2`), finds: "9 nonmonotonic-poll"},
		{name: "back within a poll", text: log(`
			b poll at=1 -> ok 1:2,0:1`), finds: "9 int-nonmonotonic-poll"},
		{name: "a seek may", text: log(`
			b poll at=0 -> ok 0:1,1:2 to=2
			b seek at=0 -> ok
			b poll -> ok 0:1
			b seek at=3 -> ok
			b poll -> ok 3:4`)},
		{name: "an assignment may", text: log(`
			b poll at=0 -> ok 0:1,1:2 to=2
			b assign at=1 -> ok
			b poll -> ok 1:2`)},
		{name: "a subscription forgets positions", text: log(`
			b poll at=0 -> ok 0:1,1:2 to=2
			b subscribe none -> ok
			b poll -> ok 0:1`)},
		{name: "a reset may not pass over records", text: log(`
			b poll at=0 -> ok 0:1 to=1
			b seek at=3 reset -> ok
			b poll -> ok 3:4`), finds: "9 poll-skip"},
		{name: "a reset may not go back", text: log(`
			b poll at=0 -> ok 0:1,1:2 to=2
			b seek at=0 reset -> ok`), finds: "9 nonmonotonic-poll"},
		{name: "another process begins anew", text: log(`
			b poll at=0 -> ok 0:1,1:2 to=2
			b' poll at=0 -> ok 0:1`)},
		{name: "an unclear poll may have moved, or not", text: log(`
			b poll at=0 -> ok 0:1 to=1
			b poll at=1 -> info TIMEOUT 1:2
			b poll -> ok 1:2`)},
		{name: "what nobody ever read may be a control record", text: `
			a send 1 -> ok 0
			a send 2 -> ok 2
			b poll at=0 -> ok 0:1,2:2 to=4
			z scan at=0 -> ok 0:1,2:2 to=4 hw=4`},
		{name: "deleted records are no skip", text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			c poll at=0 -> ok 0:1,1:2 to=2
			d delete at=1 -> ok 1
			b poll at=0 -> ok 1:2
			z scan at=1 -> ok 1:2 to=2 hw=2 st=1`},
	})
}

func TestCrashConsistency(t *testing.T) {
	around := func(more string) string {
		return `
			a send 1 -> ok 0
			! crash 0 power
			` + more + `
			z scan at=0 -> ok 0:1 to=1 hw=1`
	}
	runTales(t, []tale{
		{name: "everything is there", text: around(`! recovered 0 p=0 re=1 we=1 oe=1 st=0 hash=1`)},
		{name: "what was not synced may be gone", text: around(`! recovered 0 p=0 re=1 we=5 oe=3 st=0 hash=1`)},
		{name: "what was synced may not", text: around(`! recovered 0 p=0 re=4 we=5 oe=3 st=0 hash=1`), finds: "22 lost-synced"},
		{name: "more than was ever there", text: around(`! recovered 0 p=0 re=1 we=1 oe=2 st=0 hash=1`), finds: "22 recovered-beyond-end"},
		{name: "other bytes", text: around(`! recovered 0 p=0 re=1 we=1 oe=1 st=0 hash=2`), finds: "22 not-a-prefix"},
		{name: "fenced for no reason", text: around(`! recovered 0 p=1 re=1 we=1 oe=0 st=0 fenced`), finds: "22 fenced-without-damage"},
		{name: "fenced after a bit flip", text: `
			! fault 0 disk-flip
			` + around(`! recovered 0 p=1 re=1 we=1 oe=0 st=0 fenced`)},
		{name: "a bit flip must not shorten the log in silence", text: `
			! fault 0 disk-flip
			` + around(`! recovered 0 p=0 re=4 we=4 oe=1 st=0 hash=1`), finds: "22 lost-synced"},
	})
}

func TestClaims(t *testing.T) {
	unsynced := topic(func(t *history.Topic) { t.Mode = history.ModeReplicated })
	three := topic(func(t *history.Topic) { t.Replicas, t.MinISR, t.Mode = 3, 2, history.ModeReplicated })
	unclean := topic(func(t *history.Topic) { t.Replicas, t.MinISR, t.UncleanElection = 3, 2, true })
	denied := synced()
	denied.Claims = []history.Claim{{Property: history.Durability, Reason: "a control"}}
	lost := func(between string) string {
		return `
			a send 1 -> ok 0
			` + between + `
			b send 2 -> ok 1
			z scan at=0 -> ok 1:2 to=2 hw=2`
	}
	runTales(t, []tale{
		{name: "synced, power cut: claimed", text: lost(`! crash 0 power`), finds: "3 lost-write"},
		{name: "unsynced, power cut: not claimed", header: unsynced, text: lost(`! crash 0 power`), finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "synced when it was acknowledged, power cut later: claimed", header: unsynced, text: `
			! mode p=0 synced
			a send 1 -> ok 0
			! mode p=0 replicated
			! crash 0 power
			b send 2 -> ok 1
			z scan at=0 -> ok 1:2 to=2 hw=2`, finds: "3 lost-write"},
		{name: "acknowledged before all became durable, power cut after it: claimed", header: unsynced, text: lost(`
			! mode p=0 synced
			! crash 0 power`), finds: "3 lost-write"},
		{name: "acknowledged after syncing ended: not claimed", text: `
			! mode p=0 replicated
			` + lost(`! crash 0 power`), finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "the acknowledgement was under way when syncing ended: not claimed", text: `
			x=a send 1
			! mode p=0 replicated
			x -> ok 0
			! crash 0 power
			b send 2 -> ok 1
			z scan at=0 -> ok 1:2 to=2 hw=2`, finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "unsynced, process killed: claimed", header: unsynced, text: lost(`! crash 0 kill`), finds: "3 lost-write"},
		{name: "unsynced, acknowledged after the power cut: claimed anew", header: unsynced, text: "! crash 0 power\n" + lost(``), finds: "3 lost-write"},
		{name: "unsynced, the acknowledgement was under way at the power cut", header: unsynced, text: `
			x=a send 1
			! crash 0 power
			x -> ok 0
			b send 2 -> ok 1
			z scan at=0 -> ok 1:2 to=2 hw=2`, finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "unsynced, a position of before the power cut", header: unsynced, text: `
			x=a send 1
			b poll at=0 -> ok 0:1 to=1
			! crash 0 power
			b poll at=1 -> ok to=1
			b seek at=0 reset -> ok
			z scan at=0 -> ok to=0 hw=0`, finds: "4 (NOT-CLAIMED unseen), 8 (NOT-CLAIMED high-watermark-went-back), 9 (NOT-CLAIMED nonmonotonic-poll)"},
		{name: "unsynced, records that were fetched ahead of the power cut", header: unsynced, text: `
			a send 1 -> ok 0
			b assign at=0 -> ok
			! crash 0 power
			b poll at=0 -> ok 0:1 to=1
			b seek at=0 reset -> ok
			c send 2 -> ok 0
			z scan at=0 -> ok 0:2 to=1 hw=1`, finds: "1 (NOT-CLAIMED inconsistent-offsets), 3 (NOT-CLAIMED lost-write), 9 (NOT-CLAIMED nonmonotonic-poll)"},
		{name: "unsynced, the log goes back at the power cut", header: unsynced, text: `
			a send 1 -> ok 0
			a send 2 -> ok 1
			! crash 0 power
			b send 3 -> ok 1
			z scan at=0 -> ok 0:1,1:3 to=2 hw=2`, finds: "1 (NOT-CLAIMED inconsistent-offsets), 3 (NOT-CLAIMED lost-write)"},
		{name: "unsynced, out of order again after the power cut", header: unsynced, text: `
			a send 1 -> ok 5
			! crash 0 power
			a send 2 -> ok 1
			a send 3 -> ok 0
			z scan at=0 -> ok 0:3,1:2 to=2 hw=2`, finds: "4 (NOT-CLAIMED unseen), 6 (NOT-CLAIMED nonmonotonic-send), 7 realtime-nonmonotonic-send, 8 realtime-nonmonotonic-send"},
		{name: "unsynced, wrong again after the power cut", header: unsynced, text: `
			a send 1 -> ok 0
			! crash 0 power
			c list -> ok 0
			b send 2 -> ok 1
			c list -> ok 1
			z scan at=0 -> ok 1:2 to=2 hw=2`, finds: "3 (NOT-CLAIMED lost-write), 8 stale-read"},
		{name: "three replicas, one power cut: claimed", header: three, text: lost(`! crash 0 power`), finds: "3 lost-write"},
		{name: "three replicas, two power cuts: not claimed", header: three, text: lost("! crash 0 power\n! crash 1 power"), finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "three replicas, the same node twice: claimed", header: three, text: lost("! crash 1 power\n! crash 1 power"), finds: "3 lost-write"},
		{name: "three replicas, replicated in between: claimed", header: three, text: lost("! crash 0 power\n! replicated p=0\n! crash 1 power"), finds: "3 lost-write"},
		{name: "three replicas, two cuts, then replicated: claimed anew", header: three, text: "! crash 0 power\n! crash 1 power\n! replicated p=0\n" + lost(``), finds: "3 lost-write"},
		{name: "what was told before a loss beyond the claims is no end that the scan must reach", header: three, text: `
			a send 1 -> ok 0
			b poll at=0 -> ok 0:1 to=1 hw=5
			! crash 0 power
			! crash 1 power
			! replicated p=0
			a send 2 -> ok 1
			z scan at=0 -> ok 0:1,1:2 to=2`, finds: "8 (NOT-CLAIMED early-read)"},
		{name: "what was told before a loss within them is", header: three, text: `
			a send 1 -> ok 0
			b poll at=0 -> ok 0:1 to=1 hw=5
			! crash 0 power
			! replicated p=0
			a send 2 -> ok 1
			z scan at=0 -> ok 0:1,1:2 to=2`, finds: "3 UNKNOWN, 4 UNKNOWN, 8 early-read"},
		{name: "acks=1 with three replicas", header: three, text: `
			a send 1 acks=1 -> ok 0
			b send 2 -> ok 1
			z scan at=0 -> ok 1:2 to=2 hw=2`, finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "acks=1 with one replica is all there is", text: `
			a send 1 acks=1 -> ok 0
			b send 2 -> ok 1
			z scan at=0 -> ok 1:2 to=2 hw=2`, finds: "3 lost-write"},
		{name: "acks=0", text: `
			a send 1 acks=0 -> ok 0
			b send 2 -> ok 1
			z scan at=0 -> ok 1:2 to=2 hw=2`, finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "unclean election", header: unclean, text: lost(``), finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "the header denies it", header: denied, text: lost(``), finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "the only disk is gone", text: lost(`! fault 0 disk-wiped`), finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "another node's disk is gone", text: "! leader 0 p=0\n" + lost(`! fault 4 disk-wiped`), finds: "3 lost-write"},
		{name: "a bit flip, and the log is served: loss must not be silent", text: lost(`! fault 0 disk-flip`), finds: "3 lost-write"},
		{name: "a bit flip, and the log is fenced", text: `
			a send 1 -> ok 0
			! fault 0 disk-flip
			! crash 0 kill
			! recovered 0 p=0 re=1 we=1 oe=0 st=0 fenced
			z scan at=0 -> fail KAFKA_STORAGE_ERROR`},
		{name: "the driver knows better", text: lost(`! void`), finds: "3 (NOT-CLAIMED lost-write)"},
		{name: "the driver knows better about another property", text: lost(`! void q=5`), finds: "3 lost-write"},
		{name: "phantoms are never excused", header: unsynced, text: `
			! crash 0 power
			z scan at=0 -> ok 0:9.9 to=1 hw=1`, finds: "2 phantom-read"},
	})
}
