package onsim

import (
	"trialog/checker/history"
	"trialog/scenarios"
	"trialog/sim"
)

// faultRow ties a declared kind to the simulator's and to the history's.
type faultRow struct {
	kind    scenarios.Kind
	sim     sim.FaultKind
	history history.FaultKind
}

var faultRows = []faultRow{
	{scenarios.ProcessKill, sim.FaultProcessKill, history.FaultKill},
	{scenarios.PowerCut, sim.FaultPowerCut, history.FaultPower},
	{scenarios.CrashInCall, sim.FaultCrashInCall, history.FaultPower},
	{scenarios.Shutdown, sim.FaultShutdown, history.FaultKill},
	{scenarios.Pause, sim.FaultPause, history.FaultPause},
	{scenarios.WriteError, sim.FaultWriteError, history.FaultDiskError},
	{scenarios.ReadError, sim.FaultReadError, history.FaultDiskError},
	{scenarios.SyncError, sim.FaultSyncError, history.FaultDiskError},
	{scenarios.NoSpace, sim.FaultNoSpace, history.FaultDiskFull},
	{scenarios.ShortWrite, sim.FaultShortWrite, history.FaultDiskShort},
	{scenarios.DiskStall, sim.FaultDiskStall, history.FaultDiskStall},
	{scenarios.JournalRot, sim.FaultJournalRot, history.FaultDiskFlip},
	{scenarios.SegmentRot, sim.FaultSegmentRot, history.FaultDiskFlip},
	{scenarios.ClockStep, sim.FaultClockStep, history.FaultClockStep},
	{scenarios.ClockDrift, sim.FaultClockDrift, history.FaultClockDrift},
	{scenarios.ClockFreeze, sim.FaultClockFreeze, history.FaultClockFreeze},
	{scenarios.Reset, sim.FaultReset, history.FaultReset},
	{scenarios.HalfOpen, sim.FaultHalfOpen, history.FaultHalfOpen},
	{scenarios.Delay, sim.FaultDelay, history.FaultDelay},
	{scenarios.Cut, sim.FaultCut, history.FaultLink},
	{scenarios.CutOneWay, sim.FaultCutOneWay, history.FaultLink},
	{scenarios.Isolate, sim.FaultIsolate, history.FaultLink},
	{scenarios.LostResponse, sim.FaultLostResponse, history.FaultDrop},
	{scenarios.ClientKill, sim.FaultClientKill, history.FaultKill},
	{scenarios.ClientPause, sim.FaultClientPause, history.FaultPause},
	{scenarios.PowerCutAll, sim.FaultPowerCutAll, history.FaultPower},
	{scenarios.DiskWiped, sim.FaultDiskWiped, history.FaultDiskWiped},
	{scenarios.RollingRestart, sim.FaultRollingRestart, history.FaultKill},
	{scenarios.GarbledRequest, sim.FaultGarbledRequest, history.FaultDrop},
	{scenarios.KillAll, sim.FaultKillAll, history.FaultKill},
	{scenarios.KillInSync, sim.FaultKillInSync, history.FaultKill},
	{scenarios.SlowHost, sim.FaultSlowHost, history.FaultDelay},
	{scenarios.LateRequest, sim.FaultLateRequest, history.FaultDelay},
	{scenarios.LastDiskLost, sim.FaultLastDiskLost, history.FaultDiskWiped},
}

// Supports tells whether the simulator can inject a kind of fault.
func Supports(kind scenarios.Kind) bool {
	for _, r := range faultRows {
		if r.kind == kind {
			return true
		}
	}
	return false
}

func rowOf(kind sim.FaultKind) (faultRow, bool) {
	for _, r := range faultRows {
		if r.sim == kind {
			return r, true
		}
	}
	return faultRow{}, false
}

// A dead process is back after this long unless its scenario says otherwise: a
// run that is mostly outage tries little.
const (
	backAfterLeast = 30 * sim.Millisecond
	backAfterMost  = sim.Second
)

func span(f *scenarios.Fault) (least, most int64) {
	if f.SpanMs.Max > 0 {
		return int64(f.SpanMs.Min) * sim.Millisecond, int64(f.SpanMs.Max) * sim.Millisecond
	}
	switch f.Kind {
	case scenarios.ProcessKill, scenarios.PowerCut, scenarios.PowerCutAll, scenarios.DiskWiped, scenarios.RollingRestart, scenarios.CrashInCall, scenarios.Shutdown,
		scenarios.KillAll, scenarios.KillInSync, scenarios.LastDiskLost:
		return backAfterLeast, backAfterMost
	default:
		return 0, 0
	}
}

// doses puts the declared faults into the simulator's terms.
func doses(s *scenarios.Scenario) []sim.Dose {
	list := make([]sim.Dose, 0, len(s.Faults))
	for i := range s.Faults {
		f := &s.Faults[i]
		least, most := span(f)
		for _, r := range faultRows {
			if r.kind == f.Kind {
				list = append(list, sim.Dose{
					Kind: r.sim, Share: uint64(f.Share), TimesMin: f.Times.Min, TimesMax: f.Times.Max, SpanMin: least, SpanMax: most, Aim: sim.Aim(f.Aim),
					Claimed: f.Claimed, Patient: f.Lurking,
				})
			}
		}
	}
	return list
}
