package metadata

// AppendSnapshot encodes an image.
func AppendSnapshot(dst []byte, im *Image) []byte { return appendSnapshot(dst, im) }

// LoadSnapshot decodes an image.
func LoadSnapshot(b []byte) (*Image, error) { return loadSnapshot(b) }
