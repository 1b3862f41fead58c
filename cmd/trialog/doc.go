// Command trialog is the server and its everyday tools.
//
// serve runs a node of package node. topic, config describe, config alter,
// produce, consume and doctor are Kafka clients (kgo, kadm) and work against any
// Kafka-compatible broker.
//
// Files: main.go (commands, exit status), settings.go (defaults, file,
// environment, flags, and where each value came from), serve.go, config.go,
// config_cluster.go, client.go (connecting), topic.go, produce.go, consume.go,
// doctor.go, doctor_cluster.go, doctor_node.go, doctor_print.go.
//
// Exit status: 0 fine, 1 the thing asked about is not so, 2 usage, 3 could not run.
package main
