package node

import (
	"errors"
	"fmt"
	"time"

	"trialog/core/broker"
)

// Shutdown asks for a controlled shutdown and returns at once; Wait tells its
// end. A broker that has not halted within Network.ShutdownGrace is abandoned.
func (n *Node) Shutdown() {
	go func() {
		n.inbox.put(&broker.Shutdown{})
		select {
		case <-n.ending:
		case <-time.After(n.config.Network.ShutdownGrace):
			n.fail(fmt.Errorf("the controlled shutdown did not end within %v", n.config.Network.ShutdownGrace))
		}
	}()
}

// Wait returns when the node has ended and let go of everything: nil after a
// controlled shutdown, otherwise why it ended.
func (n *Node) Wait() error {
	<-n.done
	return n.outcome
}

// halt ends the node as the broker says. The carrier calls it once everything
// emitted before has been passed on.
func (n *Node) halt(h broker.Halt) {
	if h.Clean {
		n.finish(nil)
		return
	}
	n.fail(errors.New("the broker halted: " + h.Reason))
}

// fail ends the node for an error. What is under way is abandoned, as in a
// crash: recovery takes care of it, and nothing is left that says otherwise.
func (n *Node) fail(err error) { n.finish(err) }

func (n *Node) finish(outcome error) {
	n.ended.Do(func() {
		n.outcome = outcome
		close(n.ending)
	})
}

// end releases everything once the node is ending, in the order in which parts
// wait for one another: nobody is left waiting for somebody who has gone.
func (n *Node) end() {
	<-n.ending
	n.ready.Store(false)
	if n.outcome != nil {
		n.log.Error("the node ends", "reason", n.outcome)
	}
	if err := n.closeListeners(); err != nil {
		n.log.Warn("a listener could not be closed", "error", err)
	}
	n.flushReplies()
	n.cancel()
	n.inbox.close()
	n.requests.close()
	n.replies.close()
	n.conns.close()
	close(n.stop)
	<-n.looped
	<-n.carried
	n.speaker.close()
	n.peers.close()
	n.reads.close()
	n.jobs.Wait()
	n.closeFiles()
	if e := n.engine.Load(); e != nil {
		e.Close()
	}
	if n.admin != nil {
		n.admin.Close()
	}
	if err := n.lock.Release(); err != nil {
		n.log.Warn("the data directory could not be released", "error", err)
	}
	close(n.done)
}

// flushGrace is how long clients may take for the last replies.
const flushGrace = time.Second

// flushReplies gives the connections' writers a moment for what the broker
// answered before it halted.
func (n *Node) flushReplies() {
	if n.outcome != nil {
		return
	}
	for end := time.Now().Add(flushGrace); n.conns.sending() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// closeFiles ends the disk writer. After a clean halt it has nothing left to
// do; otherwise what it has not begun stays undone.
func (n *Node) closeFiles() {
	if n.files == nil {
		return
	}
	n.writer.close()
	<-n.writer.done
	if err := n.files.Close(); err != nil && n.outcome == nil {
		n.log.Warn("the journal could not be closed", "error", err)
	}
}
