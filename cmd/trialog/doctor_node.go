package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"trialog/node/admin"
	"trialog/node/doctor"
)

// nodeView is what a node's admin address tells.
type nodeView struct {
	admin.Status
	Admin        string `json:"admin"`
	ClockAheadMs int64  `json:"clock_ahead_ms"`  // of ours
	ClockErrorMs int64  `json:"clock_error_ms"`  // how far that may be off: half of the round trip
	ClockUnknown bool   `json:"clock_unknown"`   // it tells no time
	HTTPStatus   int    `json:"ready_http_code"` // of /readyz
}

// clockMatters is the difference between clocks that is worth a word.
const clockMatters = 500 * time.Millisecond

// examineNode asks a node's admin address.
func examineNode(p *program, d *diagnosis, address string) {
	ctx, cancel := context.WithTimeout(p.ctx, min(p.client.Timeout, 2*reachWithin))
	defer cancel()
	v, err := askNode(ctx, address)
	if err != nil {
		d.failed("no answer from the admin address "+address, err)
		return
	}
	d.Node = v
	subject := fmt.Sprintf("node %d", v.NodeID)
	if !v.Ready {
		d.bad(subject, "not-ready", "", "It does not serve clients: it is %s.", v.Phase)
	}
	ahead := time.Duration(v.ClockAheadMs) * time.Millisecond
	if !v.ClockUnknown && ahead.Abs() > clockMatters+time.Duration(v.ClockErrorMs)*time.Millisecond {
		d.found(subject, doctor.Advice{
			Rule: "clocks-differ", Instead: "synchronised clocks, as by chrony",
			Risk: fmt.Sprintf("Its clock is %v %s this machine's: timestamps and retention follow it.", ahead.Abs(), direction(ahead)),
		})
	}
}

func direction(ahead time.Duration) string {
	if ahead < 0 {
		return "behind"
	}
	return "ahead of"
}

func askNode(ctx context.Context, address string) (*nodeView, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	trip := time.Since(began)
	v := &nodeView{Admin: address, HTTPStatus: response.StatusCode}
	if err := json.NewDecoder(response.Body).Decode(&v.Status); err != nil {
		return nil, fmt.Errorf("it is no node's: %w", err)
	}
	v.ClockUnknown = v.TimeMs == 0
	v.ClockAheadMs = v.TimeMs - began.Add(trip/2).UnixMilli()
	v.ClockErrorMs = trip.Milliseconds()/2 + 1
	return v, nil
}
