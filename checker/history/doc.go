// Package history is the vocabulary in which a run is put down for its judge:
// what clients asked and were told, which faults struck, what a restarted node
// had kept. The simulator and the real-process arm write it, package checker
// reads it, and neither shares any other code.
//
// # In memory
//
// A [Recorder] fills a [History] online: slices of plain values, no map entry
// and no allocation per operation once the slices have grown. The index of an
// operation in History.Ops is its identity.
//
// # Order and time
//
// Every line (an invocation, a completion, an event) has a position: its
// number in one total order without ties, counted from 0 by the recorder. A
// position is drawn before a call is made and after it has returned, so
// "a returned before b was called" may be read off positions, on any arm.
// Times are nanoseconds: virtual ones in the simulator, since the start of the
// run on real processes. No verdict rests on them.
//
// # Outcomes
//
// [OK] means that the broker said so. [Fail] means that the operation has
// definitely not taken effect and never will. Everything else is [Info]:
// timeouts, disconnects, UNKNOWN_SERVER_ERROR, NOT_LEADER_OR_FOLLOWER after a
// produce request left the client (KAFKA-13574), and operations still open at
// the end. One logical send is one operation, however many attempts it took:
// its outcome is Info as soon as one attempt may have been appended and none
// was acknowledged.
//
// # File format, version 1
//
// UTF-8, one JSON object a line. Line 1 is the header: {"history":1,...}, the
// fields of [Header]. Then, in the order of their positions, with these
// members (absent means the default):
//
//	i   string  "i" invocation, "c" completion, "e" event
//	p   int     position; rises from line to line
//	t   int     nanoseconds
//
// An invocation ("i") adds:
//
//	op  int     operation ID: dense, from 0, in the order of the file
//	f   string  kind: send, poll, scan, list-offsets, assign, subscribe, seek,
//	            create-topic, delete-topic, create-partitions, delete-records,
//	            init-producer, commit-offsets, fetch-offsets, revoke, delete-offsets
//	c   int     client: one instance of an application, from 0
//	pr  int     process: one incarnation of a client's connection state; a
//	            client that gave up on an unclear outcome goes on as another
//	in  int     incarnation of the client (default 0)
//	k   string  partition, "topic/3"
//	v   array   values sent, each "writer:sequence"
//	pid int     producer ID (default -1: none, or not known when called)
//	pe  int     producer epoch (default -1)
//	sq  int     sequence of the first record (default -1)
//	ak  int     acks: -1, 0, 1 (default -1)
//	id  bool    idempotent producer
//	rc  bool    isolation is read_committed
//	fl  bool    the reader accepts answers of followers
//	rt  bool    seek, assign: the client moved by itself (auto.offset.reset)
//	at  int     position of the consumer before the call, the offset sought or
//	            committed, the timestamp or the offset asked for (default -1)
//	gr  string  group              mb  string  ID of its member
//	ii  string  group.instance.id  gn  int     generation or member epoch (default -1)
//
// A completion ("c") adds:
//
//	op  int     the operation
//	r   string  ok, fail or info
//	er  string  Kafka's name of the error, or the client's
//	o   int     send: offset of the first record; list-offsets, fetch-offsets:
//	            the answer;
//	            delete-records: the new log start (default -1: not told)
//	rs  array   records read: ["offset:writer:sequence", ...]
//	hw  int     high watermark seen (default -1: not told). It bounds what the log
//	            held between call and return: a client that fetches ahead, so that
//	            it was seen before the call, must leave it out
//	ls  int     last stable offset seen (default -1)
//	st  int     log start offset seen (default -1)
//	le  int     leader epoch seen (default -1)
//	b   int     broker that answered (default -1)
//	ff  bool    answered by a follower
//	dp  bool    fetch-offsets: the broker knew that another one coordinates
//	to  int     position of the consumer after the call (default -1)
//	n   int     attempts (default 1)
//	cm  int     fetch-offsets: the operation that committed what was read
//	            (default -1: not known)
//	pid pe sq   as above, when they became known after the call
//
// An event ("e") adds the fields of [Event]:
//
//	f   string  kind: fault, heal, crash, start, recovered, leader, isr,
//	            truncated, log-start, replicated, risk, void, phase, note, replica
//	x   string  fault: power, kill, pause, link, drop, ...; phase: its name
//	nd  int     node (default -1)      pn  int  the other node of a link
//	k   string  partition              le  int  leader epoch
//	re  int     recovered: end offset that the crash had to spare
//	we  int     recovered: largest end offset ever appended before the crash
//	oe  int     recovered: end offset found;  truncated: the new end;  replica: the log's end
//	hw  int     replica: its high watermark (default -1)
//	ld  bool    replica: it leads
//	u   int     fault: nanoseconds at which it ends by itself (default 0: not told)
//	st  int     log start offset
//	ph  string  recovered: hash of the bytes found, in hex
//	wh  string  recovered: hash of what was appended there, in hex
//	fe  bool    recovered: the log was fenced instead of served
//	cl  bool    crash or start: clean
//	q   int     property that a risk or void event is about
//	n   int     risk: how many records; isr: its size
//	m   string  text for people
package history
