package differential

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A rule takes one way in which we answer otherwise than Kafka, and on purpose.
type rule struct {
	name string
	// row is how its row in docs/DIVERGENCES.md begins.
	row   string
	then  what
	takes func(*difference) bool
}

// what follows once a rule has taken a difference.
type what int

const (
	goesOn  what = iota // nothing of it is left
	loosens             // epochs and generations differ from there on, and are not compared
	ends                // the servers do not know the same members any more: the trace is over
)

// told is one step that has been answered before.
type told struct {
	step        *step
	during      int // it was answered while this step was played
	right, ours string
}

// difference is a step that Kafka and we have answered differently.
type difference struct {
	trace       *trace
	at          int
	step        *step
	right, ours string
	before      []told
	loose       bool
	// stand asks Kafka and us how the members of the step's group stand; nil: nobody
	// can be asked.
	stand func() (right, ours string)
}

var rules = []rule{
	{"nameless-member", "a classic member that has not been told its ID", ends, (*difference).nameless},
	{"no-shared-protocol", "a classic group whose waiting members do not have the protocol of its last generation", ends, (*difference).noSharedProtocol},
	{"static-comes-back", "the last member of the consumer protocol, static, comes back", ends, (*difference).comesBack},
	{"uniform-ties", "which partitions `uniform` gives to whom", ends, (*difference).tied},
	{"uniform", "`uniform` where members subscribe to different topics", ends, (*difference).sharedOtherwise},
	{"epoch-of-who-waited", "epoch of a classic group that goes over to the consumer protocol while members wait", loosens, (*difference).waited},
	{"epochs-go-on", "epochs and generations of a group that changes its protocol while it is empty", loosens, (*difference).epochsGoOn},
	{"epoch-rises", "the epoch of a member that has given up what it was told to", loosens, (*difference).epochRises},
	{"instance-of-an-id-given-out", "JoinGroup with a member ID that was given out", goesOn, (*difference).givenOut},
	{"static-commit-of-before", "commits of a static member that came back under another ID", goesOn, (*difference).staleStatic},
	{"joined-twice", "ListGroups of a classic group whose only member has joined twice", goesOn, (*difference).joinedTwice},
	{"emptied-type", "protocol type of an empty classic group that was one of the consumer protocol", goesOn, (*difference).emptiedType},
	{"static-joins-again", "a static member that joins again under its own member ID", ends, (*difference).joinsAgain},
	{"forgotten-group", "a group that gave out a member ID, whose owner then left", goesOn, (*difference).forgotten},
	{"other-leader", "who leads a classic group whose leader has gone", ends, (*difference).otherLeader},
	{"classic-gives-up", "a classic member of such a group that is to give something up", ends, (*difference).classicGivesUp},
	{"assignment-of-before", "assignments that DescribeGroups shows of a classic group that is rebalancing", goesOn, (*difference).assignedBefore},
	{"targets-of-nobody", "target epoch of a group of the consumer protocol that has become empty", goesOn, (*difference).targetsOfNobody},
	{"unmatched-expression", "a new regular expression", loosens, (*difference).matchedBeside},
}

// rule finds the one that takes a difference, or nil.
func (d *difference) rule() *rule {
	for i := range rules {
		if rules[i].takes(d) {
			return &rules[i]
		}
	}
	return nil
}

// Numbers of epochs and generations in an answer, and of partitions.
var (
	epochs = regexp.MustCompile(`(epoch|generation|targets) (-?\d+)`)
	counts = regexp.MustCompile(`(has|shall) \d+|(has)( [tu] \d,?)*`)
)

// unnumbered is an answer without epochs and generations, by which members are sorted.
func unnumbered(said string) string {
	list := strings.Split(epochs.ReplaceAllString(said, "$1"), ", ")
	if i := strings.Index(list[0], ": "); i >= 0 {
		list = append([]string{list[0][:i], list[0][i+2:]}, list[1:]...)
		slices.Sort(list[1:])
	}
	return strings.Join(list, ", ")
}

// numbers are the epochs and generations of an answer, in their order.
func numbers(said string) []int {
	var list []int
	for _, m := range epochs.FindAllStringSubmatch(said, -1) {
		n := 0
		_, _ = fmt.Sscan(m[2], &n)
		list = append(list, n)
	}
	return list
}

// risen is by how much every epoch and generation of our answer is above Kafka's,
// if the rest is the same; 0: it is not, or some are above by more than others.
func (d *difference) risen() int {
	right, ours := numbers(d.right), numbers(d.ours)
	if unnumbered(d.right) != unnumbered(d.ours) || len(right) == 0 || len(right) != len(ours) {
		return 0
	}
	for i := range right {
		if ours[i]-right[i] != ours[0]-right[0] {
			return 0
		}
	}
	return ours[0] - right[0]
}

// earlier tells whether a step about the same group was answered as told.
func (d *difference) earlier(match func(*told) bool) bool {
	return slices.ContainsFunc(d.before, func(e told) bool { return e.step.group == d.step.group && match(&e) })
}

func (d *difference) nameless() bool {
	return d.trace.old && d.step.kind == doConsumer && strings.HasPrefix(d.ours, "ok ") && strings.HasPrefix(d.right, "ok ") &&
		partitions(d.right) < partitions(d.ours) && numbersAlike(d) && d.goesOver()
}

// goesOver: members that waited for a generation were told so that there will be none.
func (d *difference) goesOver() bool {
	return d.earlier(func(e *told) bool {
		return e.step.kind == doJoin && e.during == d.at && e.right == "REBALANCE_IN_PROGRESS" && e.ours == e.right
	})
}

func (d *difference) noSharedProtocol() bool {
	return d.step.kind == doConsumer && d.right == "UNKNOWN_SERVER_ERROR" && strings.HasPrefix(d.ours, "ok ") && d.goesOver()
}

func numbersAlike(d *difference) bool { return slices.Equal(numbers(d.right), numbers(d.ours)) }

// partitions is how many an answer to a heartbeat gives.
func partitions(said string) int {
	sum := 0
	_, list, _ := strings.Cut(said, " has ")
	for _, one := range strings.Split(list, ", ") {
		topic, n := "", 0
		_, _ = fmt.Sscan(one, &topic, &n)
		sum += n
	}
	return sum
}

// epochsGoOn: the group has spoken both protocols, and begins anew with Kafka.
func (d *difference) epochsGoOn() bool {
	spoke := func(kind int) bool {
		return d.step.kind == kind || d.earlier(func(e *told) bool {
			return e.step.kind == kind && (strings.HasPrefix(e.right, "ok ") || e.right == "MEMBER_ID_REQUIRED")
		})
	}
	begins := 2 // epoch or generation of the first who comes
	if d.trace.regex != "" {
		begins++
	}
	return d.risen() > 0 && slices.Max(numbers(d.right)) <= begins && spoke(doJoin) && spoke(doConsumer)
}

// epochRises: the member's own epoch, by one, after it was told of its share.
func (d *difference) epochRises() bool {
	return d.step.kind == doConsumer && d.risen() == 1 && d.earlier(func(e *told) bool {
		return e.step.kind == doConsumer && e.step.slot == d.step.slot && strings.Contains(e.right, " has")
	})
}

func (d *difference) givenOut() bool {
	return d.step.kind == doJoin && d.trace.static && d.right == "UNKNOWN_SERVER_ERROR" && d.ours == "UNKNOWN_MEMBER_ID" &&
		d.earlier(func(e *told) bool { return e.step.kind == doJoin && e.right == "MEMBER_ID_REQUIRED" })
}

func (d *difference) staleStatic() bool {
	return d.step.kind == doCommit && d.trace.static && strings.Contains(d.right, " ok") &&
		strings.ReplaceAll(d.ours, "STALE_MEMBER_EPOCH", "ok") == d.right &&
		d.earlier(func(e *told) bool {
			return e.step.kind == doConsumer && e.step.slot%2 == d.step.slot%2 && e.step.slot != d.step.slot
		})
}

func (d *difference) joinedTwice() bool {
	return d.step.kind == doList && strings.ReplaceAll(d.right, "PreparingRebalance", "CompletingRebalance") == d.ours
}

// matchedBeside: with Kafka the group's epoch rises when the expression has been
// matched, beside, and with us in the heartbeat that names it.
func (d *difference) matchedBeside() bool {
	return d.trace.regex != "" && (d.step.kind == doConsumer || d.step.kind == doConsumerDescribe) && strings.HasPrefix(d.right, "ok ") && d.risen() < 0
}

// alike tells whether answers about a group of the consumer protocol are the same
// but for how many partitions whom is given.
func (d *difference) alike() bool {
	if d.step.kind == doSync {
		return d.stand != nil && synced.MatchString(d.right) && synced.MatchString(d.ours)
	}
	return (d.step.kind == doConsumer || d.step.kind == doConsumerDescribe) && d.stand != nil &&
		strings.HasPrefix(d.right, "ok ") && strip(d.right) == strip(d.ours)
}

// strip leaves out of an answer what differs where an assignor gives other shares:
// how much, and who has to wait for whom.
func strip(said string) string {
	said = counts.ReplaceAllString(said, "has")
	return strings.TrimRight(strings.ReplaceAll(said, "Reconciling", "Stable"), " ")
}

// tied: Kafka and we give otherwise, and as evenly.
func (d *difference) tied() bool {
	if !d.alike() {
		return false
	}
	right, ours := d.stand()
	return subscriptions(right) > 0 && subscriptions(right) == subscriptions(ours) && evener(ours, right) && evener(right, ours)
}

// sharedOtherwise: some members subscribe to other topics than others, and what we
// give is more even than what Kafka does, and as much.
func (d *difference) sharedOtherwise() bool {
	if !d.alike() {
		return false
	}
	right, ours := d.stand()
	return subscriptions(right) > 1 && subscriptions(ours) == subscriptions(right) && evener(ours, right) && !evener(right, ours)
}

// comesBack: Kafka answers at once, with no generation that anybody has joined for.
func (d *difference) comesBack() bool {
	return d.step.kind == doJoin && d.trace.static && strings.HasPrefix(d.right, "ok generation 0 ") && strings.Contains(d.right, " follows ") &&
		(d.ours == "(no answer)" || strings.HasPrefix(d.ours, "ok generation ")) && d.earlier(d.sameInstance)
}

// sameInstance: it was accepted as a member of the consumer protocol.
func (d *difference) sameInstance(e *told) bool {
	return e.step.kind == doConsumer && e.step.slot%2 == d.step.slot%2 && strings.HasPrefix(e.right, "ok ")
}

// waited: who waited for a generation is in the one after it.
func (d *difference) waited() bool {
	return d.step.kind == doConsumer && d.risen() == 1 && d.goesOver()
}

func (d *difference) emptiedType() bool {
	return d.step.kind == doList && typed.ReplaceAllString(d.ours, "  Empty classic") == d.right &&
		slices.ContainsFunc(d.before, func(e told) bool { return e.step.kind == doConsumer && strings.HasPrefix(e.right, "ok ") })
}

func (d *difference) joinsAgain() bool {
	return d.step.kind == doConsumer && d.trace.static && d.right == "UNRELEASED_INSTANCE_ID" && strings.HasPrefix(d.ours, "ok epoch ") &&
		d.earlier(func(e *told) bool { return e.step.slot == d.step.slot && d.sameInstance(e) })
}

// forgotten: Kafka knows an empty classic group, and we none.
func (d *difference) forgotten() bool {
	if !slices.ContainsFunc(d.before, func(e told) bool { return e.step.kind == doJoin && e.right == "MEMBER_ID_REQUIRED" }) {
		return false
	}
	switch d.step.kind {
	case doList:
		return emptyGroup.ReplaceAllString(d.right, "") == d.ours
	case doDescribe:
		return d.right == "ok Empty  : " && d.ours == "GROUP_ID_NOT_FOUND Dead  : "
	case doDeleteGroup, doDeleteOffsets:
		return strings.HasPrefix(d.right, "ok") && d.ours == "GROUP_ID_NOT_FOUND"
	}
	return false
}

// otherLeader: one of several leads here, and another one there.
func (d *difference) otherLeader() bool {
	leads, follows := leading.FindString(d.right), " follows "
	if leads == "" {
		leads, follows = follows, leading.FindString(d.ours)
	}
	return d.step.kind == doJoin && leads != "" && follows != "" && leads != follows && leads != " leads 1 " && follows != " leads 1 " &&
		strings.Replace(d.right, leads, follows, 1) == d.ours
}

// classicGivesUp: with us it joins for an earlier generation first, in a group of
// the consumer protocol, where it had something.
func (d *difference) classicGivesUp() bool {
	return d.step.kind == doJoin && d.risen() < 0 && strings.Contains(d.right, " follows ") &&
		d.earlier(func(e *told) bool { return e.step.kind == doConsumer && strings.HasPrefix(e.right, "ok ") }) &&
		d.earlier(func(e *told) bool {
			return e.step.kind == doJoin && e.step.slot == d.step.slot && strings.HasPrefix(e.right, "ok ")
		})
}

func (d *difference) assignedBefore() bool {
	return d.step.kind == doDescribe && rebalancing.MatchString(d.right) && bare(d.right) == bare(d.ours) && bare(d.right) == d.right
}

// bare is a description of a group that is rebalancing without assignments.
func bare(said string) string { return shown.ReplaceAllString(said, "client client  ") }

func (d *difference) targetsOfNobody() bool {
	r, o := emptyTargets.FindStringSubmatch(d.right), emptyTargets.FindStringSubmatch(d.ours)
	return d.step.kind == doConsumerDescribe && r != nil && o != nil && o[2] == o[1] && (r[1] == o[1] || d.loose)
}

var (
	synced       = regexp.MustCompile(`^ok (nothing|[tu] \d(, [tu] \d)?)?$`)
	typed        = regexp.MustCompile(` consumer Empty classic`)
	rebalancing  = regexp.MustCompile(`^ok (Preparing|Completing)Rebalance `)
	shown        = regexp.MustCompile(`client client  [0-9a-f]*`)
	emptyGroup   = regexp.MustCompile(`(, )?g-\d+-\d  Empty classic`)
	leading      = regexp.MustCompile(` leads \d+ `)
	emptyTargets = regexp.MustCompile(`^ok Empty epoch (\d+) targets (\d+) by \w+: $`)
)

var (
	subscribed = regexp.MustCompile(`topics \[[^]]*\]`)
	shall      = regexp.MustCompile(`shall (\d+)`)
)

func subscriptions(said string) int {
	list := subscribed.FindAllString(said, -1)
	slices.Sort(list)
	return len(slices.Compact(list))
}

// evener tells whether targets give as much to as many, and no less evenly.
func evener(ours, right string) bool {
	sum := func(said string) (members, all, squares int) {
		for _, m := range shall.FindAllStringSubmatch(said, -1) {
			n := 0
			_, _ = fmt.Sscan(m[1], &n)
			members, all, squares = members+1, all+n, squares+n*n
		}
		return
	}
	m, a, s := sum(ours)
	rm, ra, rs := sum(right)
	return m == rm && a == ra && s <= rs
}
