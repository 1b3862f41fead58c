package kafka

// InternalTopic tells whether a topic is one of those in which brokers keep
// what groups, transactions and share groups have come to. Clients delete no
// records of them.
func InternalTopic(name string) bool {
	switch name {
	case "__consumer_offsets", "__transaction_state", "__share_group_state":
		return true
	}
	return false
}
