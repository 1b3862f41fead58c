package admin

import (
	"net/http"
	"runtime/pprof"
	"strconv"
	"time"
)

// profileMost bounds a processor profile, in seconds.
const profileMost = 120

// profiles serves Go's profiles as `go tool pprof` asks for them. They show the
// program at work, not its records, settings or command line, which holds secrets.
func profiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/profile", processor)
	for _, name := range []string{"heap", "allocs", "goroutine"} {
		mux.HandleFunc("GET /debug/pprof/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			_ = pprof.Lookup(name).WriteTo(w, 0) // whoever asked may be gone
		})
	}
}

// processor profiles the processor for ?seconds=N (30), one asker at a time.
func processor(w http.ResponseWriter, r *http.Request) {
	seconds := 30
	if text := r.URL.Query().Get("seconds"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > profileMost {
			http.Error(w, "seconds is a number from 1 to "+strconv.Itoa(profileMost), http.StatusBadRequest)
			return
		}
		seconds = n
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := pprof.StartCPUProfile(w); err != nil {
		w.Header().Set("Content-Type", "text/plain")
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	defer pprof.StopCPUProfile()
	timer := time.NewTimer(time.Duration(seconds) * time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}
