package node

import (
	"errors"
	"math"
	"time"

	"trialog/core/kafka"
)

// Setting is a broker setting of core's registry, as a program shows it.
type Setting struct {
	Name       string // Kafka's name
	Default    string
	HasDefault bool
	Doc        string
	Sensitive  bool
}

// Settings returns the settings that a broker may be started with, sorted by name.
func Settings() []Setting {
	var out []Setting
	for _, s := range kafka.Settings() {
		if kafka.LookupSetting(s.Name, kafka.ScopeBroker) == nil {
			continue // a topic's
		}
		out = append(out, Setting{Name: s.Name, Default: s.Default, HasDefault: !s.NoDefault, Doc: s.Doc, Sensitive: s.Sensitive})
	}
	return out
}

// ErrUnknownSetting says that the registry has no setting of a name.
var ErrUnknownSetting = errors.New("unknown setting")

// CheckSetting tells what is wrong with a value.
func CheckSetting(name, value string) error {
	s := kafka.LookupSetting(name, kafka.ScopeBroker)
	if s == nil {
		return ErrUnknownSetting
	}
	if _, why := s.Parse(value); why != "" {
		return errors.New(why)
	}
	return nil
}

// applySettings takes what the driver itself needs from the broker's settings.
func (c *Config) applySettings() {
	var static kafka.ConfigMap
	for name, value := range c.Broker {
		if CheckSetting(name, value) == nil {
			static = static.With(name, value)
		}
	}
	b := kafka.LoadBrokerConfig(&kafka.ConfigLayers{Static: static})
	n := &c.Network
	n.RequestMaxBytes = int(b.SocketRequestMaxBytes)
	n.QueuedRequestBytes = b.QueuedMaxRequestBytes
	if n.QueuedRequestBytes <= 0 {
		n.QueuedRequestBytes = math.MaxInt64 / 2
	}
	n.QueuedReplyBytes = b.QueuedMaxResponseBytes
	n.TailCacheBytes = b.TailCacheBytes
	n.MaxConnections, n.MaxConnectionsPerIP = int(b.MaxConnections), int(b.MaxConnectionsPerIP)
	n.MaxDecompressed = b.MaxDecompressedBytes
	n.ConnectionMaxIdle = time.Duration(b.ConnectionsMaxIdleMs) * time.Millisecond
}
