package onlocal

import (
	"context"
	"time"

	"trialog/checker/history"
	"trialog/scenarios"
)

// nemesis strikes as planned and brings the process back. What ends the process
// strikes only one that serves, a while after its first acknowledgement: a
// process that is killed while it starts was no trial of what it had promised.
// It returns how often each kind struck.
func (r *run) nemesis(ctx context.Context, s *server) map[scenarios.Kind]int64 {
	fired := make(map[scenarios.Kind]int64)
	for _, strike := range r.plan.strikes {
		if !sleep(ctx, strike.at-time.Since(r.began)) {
			break
		}
		if s != nil && s.failure() != nil {
			break
		}
		if ofProcess(strike.kind) && (!r.serving(ctx, s) || !sleep(ctx, strike.after)) {
			break
		}
		if r.strike(s, strike) {
			fired[strike.kind]++
		}
	}
	if s != nil {
		r.serving(ctx, s)
	}
	return fired
}

// serving waits until the present process serves and has acknowledged a record.
func (r *run) serving(ctx context.Context, s *server) bool {
	err := s.await(startPatience)
	if err == nil {
		err = r.restarts.serves(ctx, startPatience)
	}
	if err != nil && ctx.Err() == nil {
		r.stuck(err)
	}
	return err == nil
}

// strike carries out one fault, and ends it.
func (r *run) strike(s *server, k strike) bool {
	if ofMember(k.kind) {
		return r.crowd.strike(k)
	}
	switch k.kind {
	case scenarios.ProcessKill:
		r.atRisk()
		s.kill()
		r.restarts.died()
		r.event(history.Crash, history.FaultKill, false)
	case scenarios.Shutdown:
		clean := s.stop()
		r.restarts.died()
		r.event(history.Crash, history.FaultKill, clean)
	case scenarios.Pause:
		r.event(history.Fault, history.FaultPause, false)
		s.pause(k.span)
		r.event(history.Heal, history.FaultPause, false)
		return true
	default:
		if !r.wire.strike(k.kind, k.span) {
			return false
		}
		r.atRisk()
		r.event(history.Fault, wireFault(k.kind), false)
		return true
	}
	time.Sleep(k.span)
	r.restarts.begin()
	if err := s.start(); err != nil {
		r.fail(err)
		return false
	}
	r.event(history.Start, history.FaultNone, false)
	return true
}

// atRisk notes how many sends of idempotent producers a fault meets under way:
// franz-go will send again what it gets no answer to, and does not tell.
func (r *run) atRisk() {
	if n := r.open.Load(); n > 0 {
		e := history.NewEvent(history.Risk, 1)
		e.Property, e.Count = history.NoDuplicate, n
		r.record.Event(r.now(), &e)
	}
}

func wireFault(kind scenarios.Kind) history.FaultKind {
	switch kind {
	case scenarios.Reset:
		return history.FaultReset
	case scenarios.HalfOpen:
		return history.FaultHalfOpen
	case scenarios.Delay:
		return history.FaultDelay
	default:
		return history.FaultDrop
	}
}
