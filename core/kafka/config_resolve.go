package kafka

import "strconv"

// ResolveTopic resolves a topic-level setting: the topic's own value, then its
// broker-level synonyms as set on the broker, on all brokers, and statically,
// then the default. A value that does not parse counts as absent.
func (s *Setting) ResolveTopic(l *ConfigLayers) ResolvedConfig {
	r := ResolvedConfig{Setting: s}
	r.consider(s, s, 1, l.Topic, SourceTopic)
	r.brokerLevel(s, s.Synonyms, l)
	return r
}

// ResolveGroup resolves a group-level setting: the group's own value, then its
// broker-level synonym.
func (s *Setting) ResolveGroup(l *ConfigLayers) ResolvedConfig {
	r := ResolvedConfig{Setting: s}
	r.consider(s, s, 1, l.Group, SourceGroup)
	r.brokerLevel(s, s.Synonyms, l)
	return r
}

// ResolveBroker resolves a broker-level setting, weaker spellings included.
func (s *Setting) ResolveBroker(l *ConfigLayers) ResolvedConfig {
	r := ResolvedConfig{Setting: s}
	spellings := []ConfigSynonym{{s.Name, 1}}
	if s.Scope&ScopeTopic == 0 {
		spellings = append(spellings, s.Synonyms...)
	}
	r.brokerLevel(s, spellings, l)
	return r
}

func (r *ResolvedConfig) brokerLevel(s *Setting, spellings []ConfigSynonym, l *ConfigLayers) {
	r.layer(s, spellings, l.Broker, SourceBroker)
	r.layer(s, spellings, l.ClusterDefault, SourceClusterDefault)
	r.layer(s, spellings, l.Static, SourceStatic)
	for _, y := range spellings {
		if b := LookupSetting(y.Name, ScopeBroker); b != nil && !b.NoDefault {
			r.Synonyms = append(r.Synonyms, ResolvedSynonym{y.Name, b.Default, SourceDefault})
			if r.Source == SourceUnknown {
				r.Source, r.Value = SourceDefault, multiplied(b.Default, y.Times)
			}
		}
	}
	if r.Source == SourceUnknown {
		r.Source = SourceDefault
		r.Value, r.Null = s.Default, s.NoDefault
		if !s.NoDefault && len(r.Synonyms) == 0 {
			r.Synonyms = append(r.Synonyms, ResolvedSynonym{s.Name, s.Default, SourceDefault})
		}
	}
}

func (r *ResolvedConfig) layer(s *Setting, spellings []ConfigSynonym, m ConfigMap, source ConfigSource) {
	if len(m) == 0 {
		return
	}
	for _, y := range spellings {
		if b := LookupSetting(y.Name, ScopeBroker); b != nil {
			r.consider(s, b, y.Times, m, source)
		}
	}
}

// consider takes the value of a spelling of s, when it is set in m.
func (r *ResolvedConfig) consider(s, spelling *Setting, times int64, m ConfigMap, source ConfigSource) {
	text, set := m.Get(spelling.Name)
	if !set {
		return
	}
	if _, why := spelling.Parse(text); why != "" {
		return
	}
	r.Synonyms = append(r.Synonyms, ResolvedSynonym{spelling.Name, text, source})
	if r.Source == SourceUnknown {
		r.Source, r.Value = source, multiplied(text, times)
	}
}

// multiplied turns hours into milliseconds; -1, for never, stays.
func multiplied(text string, times int64) string {
	if times == 1 {
		return text
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return text
	}
	return strconv.FormatInt(n*times, 10)
}

// Parsed parses what was resolved.
func (r *ResolvedConfig) Parsed() ConfigValue {
	v, _ := r.Setting.Parse(r.Value)
	return v
}

// AllTopicConfigs resolves every topic-level setting, by name.
func AllTopicConfigs(l *ConfigLayers) []ResolvedConfig {
	var all []ResolvedConfig
	for _, s := range settings {
		if s.Scope&ScopeTopic != 0 {
			all = append(all, s.ResolveTopic(l))
		}
	}
	return all
}

// AllGroupConfigs resolves every group-level setting, by name.
func AllGroupConfigs(l *ConfigLayers) []ResolvedConfig {
	var all []ResolvedConfig
	for _, s := range settings {
		if s.Scope&ScopeGroup != 0 {
			all = append(all, s.ResolveGroup(l))
		}
	}
	return all
}

// AllBrokerConfigs resolves every broker-level setting, by name.
func AllBrokerConfigs(l *ConfigLayers) []ResolvedConfig {
	var all []ResolvedConfig
	for _, s := range settings {
		if s.Scope&ScopeBroker != 0 {
			all = append(all, s.ResolveBroker(l))
		}
	}
	return all
}

// CheckStatic returns what is wrong with a broker's static settings: unknown
// names and refused values, by name.
func CheckStatic(m ConfigMap) []string {
	var wrong []string
	for _, e := range m {
		s := LookupSetting(e.Name, ScopeBroker)
		if s == nil {
			wrong = append(wrong, "Unknown configuration "+e.Name)
			continue
		}
		if _, why := s.Parse(e.Value); why != "" {
			wrong = append(wrong, why)
		}
	}
	return wrong
}
