package kafka

// Rand is the project's own generator (splitmix64, Steele et al. 2014), fixed
// for ever so that a seed means the same run under every Go release. A driver
// supplies the seed: entropy in production, a choice in simulation.
type Rand struct{ state uint64 }

// NewRand starts a stream at seed.
func NewRand(seed uint64) Rand { return Rand{state: seed} }

// Uint64 returns the next 64 bits.
func (r *Rand) Uint64() uint64 {
	r.state += 0x9e3779b97f4a7c15
	return Mix64(r.state)
}

// Mix64 is splitmix64's finalizer, a bijection that scatters nearby values.
func Mix64(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// UUID returns a random (version 4) identifier, never all zero.
func (r *Rand) UUID() UUID {
	var u UUID
	hi, lo := r.Uint64(), r.Uint64()
	for i := range 8 {
		u[i] = byte(hi >> (56 - 8*i))
		u[8+i] = byte(lo >> (56 - 8*i))
	}
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u
}
