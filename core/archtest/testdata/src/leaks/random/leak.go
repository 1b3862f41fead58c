// Package random leaks the global random source.
package random

import "math/rand/v2" // want "math/rand/v2 is not pure"

func dice() int { return rand.IntN(6) }
