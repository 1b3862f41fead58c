package controller

import "strings"

// maxTopicName leaves room for the partition and a suffix in a directory's name.
const maxTopicName = 249

// TopicNameFlaw says why a name may not be a topic's, "" when it may.
func TopicNameFlaw(name string) string {
	switch {
	case name == "":
		return "Topic name is invalid: the empty string is not allowed"
	case name == "." || name == "..":
		return "Topic name is invalid: '.' or '..' is not allowed"
	case len(name) > maxTopicName:
		return "Topic name is invalid: the length of '" + name + "' is longer than the max allowed length 249"
	}
	for _, c := range []byte(name) {
		legal := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
		if !legal {
			return "Topic name is invalid: '" + strings.ToValidUTF8(name, "?") + "' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
		}
	}
	return ""
}

// collides tells whether two names are one in metrics, where '.' becomes '_'.
func collides(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && (!isDot(a[i]) || !isDot(b[i])) {
			return false
		}
	}
	return true
}

func isDot(c byte) bool { return c == '.' || c == '_' }
