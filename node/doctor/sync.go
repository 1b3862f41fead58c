package doctor

import (
	"os"
	"slices"
	"time"
)

// Sync is how long syncs of one 4 KiB write each took.
type Sync struct {
	Count        int   `json:"count"`
	MedianMicros int64 `json:"median_us"`
	MaxMicros    int64 `json:"max_us"`
}

// syncsMost bounds how often a sync is timed.
const syncsMost = 200

// timeSyncs times syncs of a file in dir, which is gone afterwards.
func timeSyncs(dir string, limit time.Duration) (Sync, error) {
	f, err := os.CreateTemp(dir, ".trialog-doctor-*")
	if err != nil {
		return Sync{}, err
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil { // it lives as long as it is open
		return Sync{}, err
	}
	block := make([]byte, 4<<10)
	var took []time.Duration
	for began := time.Now(); len(took) < syncsMost && (len(took) == 0 || time.Since(began) < limit); {
		block[0]++
		start := time.Now()
		if _, err := f.WriteAt(block, int64(len(took)*len(block))); err != nil {
			return Sync{}, err
		}
		if err := datasync(f); err != nil {
			return Sync{}, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return Sync{Count: len(took), MedianMicros: took[len(took)/2].Microseconds(), MaxMicros: took[len(took)-1].Microseconds()}, nil
}
