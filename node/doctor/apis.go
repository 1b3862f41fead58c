package doctor

import "trialog/core/protocol"

// ability is something that clients want, and the API keys that it takes.
type ability struct {
	name string
	keys []int16
}

var abilities = []ability{
	{"producing and consuming", []int16{0, 1, 2, 3}},
	{"idempotent producers", []int16{22}},
	{"transactions", []int16{22, 26, 28}},
	{"consumer groups", []int16{8, 9, 10, 11, 12, 13, 14}},
	{"consumer groups of the next generation (KIP-848)", []int16{68}},
	{"share groups", []int16{76, 77, 78, 79}},
	{"making, growing and deleting topics", []int16{19, 20, 37}},
	{"describing and altering settings", []int16{32, 44}},
	{"deleting records", []int16{21}},
	{"moving replicas", []int16{45, 46}},
	{"log directories", []int16{35}},
	{"SASL", []int16{17, 36}},
	{"ACLs", []int16{29, 30, 31}},
	{"quotas", []int16{48, 49}},
}

// Lacks lists what clients cannot do with a broker that has only these API keys.
func Lacks(has func(key int16) bool) []string {
	var list []string
	for _, a := range abilities {
		for _, key := range a.keys {
			if !has(key) {
				list = append(list, a.name)
				break
			}
		}
	}
	return list
}

// APIName is Kafka's name of an API key.
func APIName(key int16) string { return protocol.APIName(key) }
