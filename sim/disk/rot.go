package disk

import "strings"

// Place is a bit of a file.
type Place struct {
	Path string
	Off  int64
	Bit  uint8
}

// FlipSynced flips a bit, drawn by pick, in the synced bytes of a file whose
// path starts with prefix, and which were synced at least age rounds ago. The
// file is drawn first, so that a small one that tells what the large ones are
// rots as often as those. With names, an empty file, which has nothing but its
// name, loses that: damage to a directory, which a file system's check makes
// good in its way. It does nothing and returns false when there is nothing to
// damage. pick returns a value in [0, n).
func (d *Disk) FlipSynced(prefix string, age uint64, names bool, pick func(n uint64) uint64) (Place, bool) {
	var files uint64
	d.files(d.root, "", func(path string, i *inode) {
		if strings.HasPrefix(path, prefix) && (i.oldEnough(d, age) > 0 || names && d.onlyName(path, i)) {
			files++
		}
	})
	if files == 0 {
		return Place{}, false
	}
	left := pick(files)
	place, found := Place{Bit: uint8(pick(8))}, false
	d.files(d.root, "", func(path string, i *inode) {
		if found || !strings.HasPrefix(path, prefix) || i.oldEnough(d, age) == 0 && (!names || !d.onlyName(path, i)) {
			return
		}
		if left > 0 {
			left--
			return
		}
		place.Path, found = path, true
		if n := i.oldEnough(d, age); n > 0 {
			place.Off = int64(pick(uint64(n)))
			i.flip(place.Off, place.Bit)
			return
		}
		place.Off = -1
	})
	if place.Off < 0 {
		d.loseName(place.Path)
	}
	return place, found
}

// onlyName tells whether a file is empty and its name is durable. When that
// became so is not known.
func (d *Disk) onlyName(path string, i *inode) bool {
	if i.size > 0 || len(i.undo) > 0 {
		return false
	}
	dir, name, err := d.parent(path)
	return err == nil && len(dir.undo) == 0 && find(dir.synced, name) == i
}

// loseName takes a durable name away, on the platter and in memory.
func (d *Disk) loseName(path string) {
	dir, name, err := d.parent(path)
	if err != nil {
		return
	}
	i := find(dir.entries, name)
	d.tree++
	dir.entries, dir.synced = set(dir.entries, name, nil), set(dir.synced, name, nil)
	d.drop(i)
	d.drop(i)
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

// Flip flips a bit again.
func (d *Disk) Flip(p *Place) {
	if i, err := d.walk(p.Path); err == nil && p.Off >= 0 {
		i.flip(p.Off, p.Bit)
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
