package disk

import "strings"

// Place is a bit of a file.
type Place struct {
	Path string
	Off  int64
	Bit  uint8
}

// FlipSynced flips a bit, drawn by pick, in the synced bytes of a file whose
// path starts with prefix, and which were synced at least age rounds ago. It
// does nothing and returns false when there is no such byte. pick returns a
// value in [0, n).
func (d *Disk) FlipSynced(prefix string, age uint64, pick func(n uint64) uint64) (Place, bool) {
	var total int64
	d.files(d.root, "", func(path string, i *inode) {
		if strings.HasPrefix(path, prefix) {
			total += i.oldEnough(d, age)
		}
	})
	if total == 0 {
		return Place{}, false
	}
	at := int64(pick(uint64(total)))
	place, found := Place{Bit: uint8(pick(8))}, false
	d.files(d.root, "", func(path string, i *inode) {
		if found || !strings.HasPrefix(path, prefix) {
			return
		}
		n := i.oldEnough(d, age)
		if at >= n {
			at -= n
			return
		}
		place.Path, place.Off, found = path, at, true
		i.flip(at, place.Bit)
	})
	return place, found
}

func (i *inode) oldEnough(d *Disk, age uint64) int64 {
	if age == 0 {
		return max(i.syncedBelow(), 0)
	}
	return max(i.settledBelow(d, age), 0)
}

// flip changes a bit on the platter and in memory, as after a read from it.
func (i *inode) flip(off int64, bit uint8) {
	if page := int(off / pageBytes); page < len(i.pages) && i.pages[page] != nil {
		i.pages[page][off%pageBytes] ^= 1 << bit
	}
}

// files visits all files by path.
func (d *Disk) files(i *inode, path string, visit func(path string, i *inode)) {
	if i.dir == nil {
		visit(path, i)
		return
	}
	for k := range i.dir.entries {
		below := i.dir.entries[k].name
		if path != "" {
			below = path + "/" + below
		}
		d.files(i.dir.entries[k].node, below, visit)
	}
}

// File is one file's present content.
type File struct {
	Path  string
	Bytes []byte
}

// Files lists all files by path, for tests and for a judge that looks at disks.
func (d *Disk) Files() []File {
	var list []File
	d.files(d.root, "", func(path string, i *inode) {
		content := make([]byte, i.size)
		i.read(content, 0)
		list = append(list, File{path, content})
	})
	return list
}
