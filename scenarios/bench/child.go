package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// childWord, as the first argument, makes this program a peer's server.
const childWord = "peer"

// runChild is the main of a child: it serves until it is told to end.
func runChild(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "kfake":
		return runKfake()
	case len(args) == 3 && args[0] == "jetstream":
		return runJetStream(args[1], args[2] == "always")
	case len(args) == 6 && args[0] == "jetstream-node":
		return runJetStreamNode(args[1], args[2] == "always", args[3], args[4], args[5])
	default:
		return fmt.Errorf("no such peer: %q", args)
	}
}

// serveUntilKilled prints the ready line and returns at SIGTERM.
func serveUntilKilled(address string) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	_ = json.NewEncoder(os.Stdout).Encode(ready{Event: "ready", Listen: address})
	<-asked
}
