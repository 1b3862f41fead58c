package metadata

// AppendBatch encodes one batch of records for quorum.Entry.Records. An empty
// batch encodes to no bytes.
func AppendBatch(dst []byte, records []Record) []byte { return appendBatch(dst, records) }

// DecodeBatch reads what AppendBatch wrote.
func DecodeBatch(b []byte) ([]Record, error) { return decodeBatch(b) }
