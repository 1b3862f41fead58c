package interop

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// server is one real node. It keeps its port and data directory over restarts.
type server struct {
	t    *testing.T
	addr string
	dir  string
	cmd  *exec.Cmd
	env  []string // settings, as TRIALOG_…
}

// startServer starts a node with an empty data directory and stops it with the test.
func startServer(t *testing.T, env ...string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s := &server{t: t, addr: addr, dir: t.TempDir(), env: env}
	s.start()
	t.Cleanup(s.kill)
	return s
}

// start runs the node and waits until it answers a metadata request.
func (s *server) start() {
	s.t.Helper()
	bin := os.Getenv("TRIALOG_BIN")
	if bin == "" {
		s.t.Fatal("TRIALOG_BIN is not set: run make interop")
	}
	s.cmd = exec.Command(bin, "serve", "--data-dir", s.dir, "--listen", s.addr, "--admin-listen", "127.0.0.1:0")
	out, err := os.OpenFile(s.dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.Env = out, out, append(os.Environ(), s.env...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	began := time.Now()
	for {
		if err := s.ping(); err == nil {
			s.t.Logf("serving after %d ms", time.Since(began).Milliseconds())
			return
		} else if time.Since(began) > 20*time.Second {
			log, _ := os.ReadFile(s.dir + ".log")
			s.t.Fatalf("not serving after 20 s: %v\n%s", err, log)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *server) ping() error {
	c, err := kgo.NewClient(kgo.SeedBrokers(s.addr), kgo.RequestRetries(0))
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err = kadm.NewClient(c).BrokerMetadata(ctx)
	return err
}

// kill is kill -9: nothing of the process runs after it.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGKILL)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// forever keeps records whose timestamps are years old: the first look at retention,
// half a minute after the start, would delete them.
var forever = map[string]*string{"retention.ms": kadm.StringPtr("-1")}

// createTopic makes a topic through franz-go's admin client.
func (s *server) createTopic(name string, partitions int32) {
	s.t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(s.addr))
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	resp, err := kadm.NewClient(c).CreateTopic(ctx, partitions, -1, forever, name)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.ID == (kadm.TopicID{}) {
		s.t.Fatalf("topic %s has no ID", name)
	}
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
