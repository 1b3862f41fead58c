// Package admin is the operator's HTTP listener: /healthz (the process can
// still do its work), /readyz (clients are served), /metrics (Prometheus, with
// Kafka's names where Kafka has one) and /debug/pprof/ (Go's profiles).
//
// It reads and changes nothing, so it asks for no credentials; it should not
// be reachable from where clients are not.
package admin

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Status is what a node tells of itself.
type Status struct {
	Phase     string `json:"phase"` // core/broker's phase
	Healthy   bool   `json:"healthy"`
	Ready     bool   `json:"ready"`
	NodeID    int32  `json:"node_id"`
	ClusterID string `json:"cluster_id,omitempty"`
	Version   string `json:"version,omitempty"`
	TimeMs    int64  `json:"time_ms"` // the node's clock, in milliseconds since 1970
}

// Server is a running admin listener.
type Server struct {
	http     *http.Server
	listener net.Listener
	done     chan struct{}
}

// Start serves status and the metrics of registry on address (host:port).
func Start(address string, status func() Status, registry *prometheus.Registry) (*Server, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { tell(w, status(), status().Healthy) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { tell(w, status(), status().Ready) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	profiles(mux)
	s := &Server{
		http:     &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10},
		listener: l,
		done:     make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with Close
	}()
	return s, nil
}

// tell answers a probe: 200 when it is so, 503 when not, and why as JSON.
func tell(w http.ResponseWriter, s Status, so bool) {
	w.Header().Set("Content-Type", "application/json")
	s.TimeMs = time.Now().UnixMilli()
	if !so {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(s) // the prober may be gone
}

// Addr is where the listener is bound.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends the listener; requests under way get a second.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close() // the sockets are closed, whatever it says
	}
	<-s.done
}
