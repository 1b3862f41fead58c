package kafka

import (
	"encoding/base64"
	"errors"
)

// String writes the identifier as Kafka's tools do: URL-safe base64, no padding.
func (u UUID) String() string { return base64.RawURLEncoding.EncodeToString(u[:]) }

// String writes the identifier as Kafka's tools do.
func (t TopicID) String() string { return UUID(t).String() }

// String writes the identifier as Kafka's tools do.
func (d DirectoryID) String() string { return UUID(d).String() }

// String writes the identifier as Kafka's tools do.
func (i IncarnationID) String() string { return UUID(i).String() }

// ParseUUID reads what String wrote.
func ParseUUID(s string) (UUID, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 16 {
		return UUID{}, errors.New("not a 16-byte base64 identifier: " + s)
	}
	return UUID(b), nil
}
