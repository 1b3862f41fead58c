package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// All returns every declared scenario.
func All() []Scenario {
	return append(append(append(singles(), storageLog()), replicateds()...), append(append(groups(), recreated()...), questions()...)...)
}

// Named returns the scenarios of these names, or all that are not open when
// none is given. A name that nobody declared is an error that lists the ones there are.
func Named(names ...string) ([]Scenario, error) {
	all := All()
	if len(names) == 0 {
		return slices.DeleteFunc(all, func(s Scenario) bool { return s.Open != "" }), nil
	}
	found := make([]Scenario, 0, len(names))
	for _, name := range names {
		i := indexOf(all, name)
		if i < 0 {
			return nil, fmt.Errorf("no scenario %q; there are %s", name, strings.Join(Names(), ", "))
		}
		found = append(found, all[i])
	}
	return found, nil
}

// Names lists the declared names.
func Names() []string {
	all := All()
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	return names
}

func indexOf(all []Scenario, name string) int {
	for i := range all {
		if all[i].Name == name {
			return i
		}
	}
	return -1
}
