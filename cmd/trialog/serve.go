package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"trialog/node"
)

// serveCommand runs a node until it is asked to stop.
type serveCommand struct {
	settingFlags
}

// lonely implements lonely.
func (*serveCommand) lonely() {}

// Run carries out the command.
func (c *serveCommand) Run(p *program) error {
	s, err := c.load(p.env)
	if err != nil {
		return err
	}
	config, err := p.nodeConfig(s)
	if err != nil {
		return err
	}
	for _, u := range s.unknown {
		config.Log.Warn("a setting is ignored: nobody knows it", "setting", u)
	}
	config.OnReady = p.announce
	n, err := node.Start(config)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Wait() }()
	select {
	case err := <-ended:
		return gone(err)
	case <-p.ctx.Done():
	}
	config.Log.Info("stopping; a second signal stops at once")
	n.Shutdown()
	again, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	select {
	case err := <-ended:
		return gone(err)
	case <-again.Done():
		return errors.New("stopped before the shutdown was complete")
	}
}

// gone is the error of a node that ended.
func gone(err error) error {
	if err != nil {
		return fmt.Errorf("the node ended: %w", err)
	}
	return nil
}

// nodeConfig turns settings into a node's configuration.
func (p *program) nodeConfig(s *settings) (node.Config, error) {
	id, err := strconv.ParseInt(s.get("node-id"), 10, 32)
	if err != nil || id < 0 {
		return node.Config{}, usage{fmt.Errorf("node-id %q is not a number from 0 on", s.get("node-id"))}
	}
	logger, err := p.logger(s.get("log-level"))
	if err != nil {
		return node.Config{}, err
	}
	c := node.Config{
		DataDir:       s.get("data-dir"),
		NodeID:        int32(id),
		Listen:        s.get("listen"),
		Advertise:     s.get("advertise"),
		AdminListen:   s.get("admin-listen"),
		QuorumListen:  s.get("quorum-listen"),
		ClusterSecret: s.get("cluster-secret"),
		Version:       version(),
		Broker:        s.broker(),
		Network:       node.DefaultNetwork(),
		Log:           logger,
	}
	// For trials that cut the power of a file system and leave the machine on.
	c.BootID, _ = lookup(p.env, "TRIALOG_TRIAL_BOOT_ID")
	if v := s.get("quorum-voters"); v != "" {
		c.Quorum = strings.Split(v, ",")
	}
	if s.values["admin-listen"].Source == fromDefault && !free(c.AdminListen) {
		// Nobody asked for this address: a second node on the machine goes without.
		logger.Warn("the admin address is taken, so there is none; --admin-listen chooses another", "address", c.AdminListen)
		c.AdminListen = ""
	}
	return c, nil
}

// free tells whether an address can be listened on.
func free(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// logger writes to standard error, and takes over what libraries log elsewhere.
func (p *program) logger(level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, usage{fmt.Errorf("log-level %q is not debug, info, warn or error", level)}
	}
	options := &slog.HandlerOptions{Level: l}
	var handler slog.Handler = slog.NewTextHandler(p.err, options)
	if p.json {
		handler = slog.NewJSONHandler(p.err, options)
	}
	logger := slog.New(handler)
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(handler, slog.LevelDebug).Writer())
	return logger, nil
}

// servingOn begins the ready line.
const servingOn = "Serving on "

// announce prints the ready line.
func (p *program) announce(r node.Ready) {
	if p.json {
		_ = json.NewEncoder(p.out).Encode(r) // nobody may be reading
		return
	}
	fmt.Fprintf(p.out, servingOn+"%s (node %d, cluster %s, data in %s); ready after %d ms.\n",
		r.Listen, r.NodeID, r.ClusterID, r.DataDir, r.StartedMs)
	if r.Advertise != r.Listen {
		fmt.Fprintf(p.out, "Clients are told %s.\n", r.Advertise)
	}
	if r.Admin != "" {
		fmt.Fprintf(p.out, "Health and metrics: http://%s/metrics\n", r.Admin)
	}
}
