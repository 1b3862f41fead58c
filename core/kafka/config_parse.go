package kafka

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// LookupSetting finds a setting by name on a level, nil when there is none.
func LookupSetting(name string, scope ConfigScope) *Setting {
	i, ok := slices.BinarySearchFunc(settings, name, func(s *Setting, name string) int { return strings.Compare(s.Name, name) })
	if !ok || settings[i].Scope&scope == 0 {
		return nil
	}
	return settings[i]
}

// Parse reads a value as Kafka's tools spell it: surrounding space is dropped,
// booleans are true or false in any case, lists are parted by commas, and a
// DOUBLE is read as millionths. why says what is wrong, "" when nothing is.
func (s *Setting) Parse(text string) (v ConfigValue, why string) {
	text = strings.TrimSpace(text)
	switch s.Type {
	case TypeBoolean:
		v.Int, why = parseBoolean(text)
	case TypeShort:
		v.Int, why = parseInt(text, 16)
	case TypeInt:
		v.Int, why = parseInt(text, 32)
	case TypeLong:
		v.Int, why = parseInt(text, 64)
	case TypeDouble:
		v.Int, why = parseMillionths(text)
	case TypeList:
		v.List = parseList(text)
	case TypeString, TypeClass, TypePassword, TypeUnknown:
		v.Str = text
	}
	if why == "" && s.Valid != nil {
		why = s.Valid(v)
	}
	if why != "" {
		why = "Invalid value " + text + " for configuration " + s.Name + ": " + why
	}
	return v, why
}

func parseBoolean(text string) (int64, string) {
	switch {
	case strings.EqualFold(text, "true"):
		return 1, ""
	case strings.EqualFold(text, "false"):
		return 0, ""
	}
	return 0, "Expected value to be either true or false"
}

func parseInt(text string, bits int) (int64, string) {
	n, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return 0, "Not a number of " + strconv.Itoa(bits) + " bits"
	}
	return n, ""
}

// parseMillionths reads a plain decimal; digits after the sixth are dropped.
func parseMillionths(text string) (int64, string) {
	whole, part, _ := strings.Cut(text, ".")
	if whole == "" && part == "" {
		return 0, "Not a decimal number"
	}
	n, err := strconv.ParseUint("0"+whole, 10, 31)
	if err != nil {
		return 0, "Not a decimal number"
	}
	for _, c := range []byte(part) {
		if c < '0' || c > '9' {
			return 0, "Not a decimal number"
		}
	}
	six := (part + "000000")[:6]
	m, _ := strconv.ParseUint(six, 10, 31)
	return int64(n)*1_000_000 + int64(m), ""
}

func parseList(text string) []string {
	if text == "" {
		return nil
	}
	list := strings.Split(text, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

func atLeast(low int64) func(ConfigValue) string { return between(low, math.MaxInt64) }

func between(low, high int64) func(ConfigValue) string {
	return func(v ConfigValue) string {
		switch {
		case v.Int < low:
			return "Value must be at least " + strconv.FormatInt(low, 10)
		case v.Int > high:
			return "Value must be no more than " + strconv.FormatInt(high, 10)
		}
		return ""
	}
}

func oneOf(names ...string) func(ConfigValue) string {
	return func(v ConfigValue) string {
		if slices.Contains(names, v.Str) {
			return ""
		}
		return "String must be one of: " + strings.Join(names, ", ")
	}
}

func eachOf(names ...string) func(ConfigValue) string {
	return func(v ConfigValue) string {
		if len(v.List) == 0 {
			return "List must not be empty"
		}
		for i, item := range v.List {
			if !slices.Contains(names, item) || slices.Contains(v.List[:i], item) {
				return "Items must be different and of: " + strings.Join(names, ", ")
			}
		}
		return ""
	}
}

// eachReplica accepts "PARTITION:BROKER" items, or one "*".
func eachReplica(v ConfigValue) string {
	for _, item := range v.List {
		partition, broker, two := strings.Cut(item, ":")
		_, wrong := strconv.ParseUint(partition, 10, 31)
		_, wrongToo := strconv.ParseUint(broker, 10, 31)
		if (item != "*" || len(v.List) > 1) && (!two || wrong != nil || wrongToo != nil) {
			return "Must be *, or PARTITION:BROKER items"
		}
	}
	return ""
}
