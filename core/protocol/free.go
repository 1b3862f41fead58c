package protocol

func (f *FreeList) produceRequest() *ProduceRequest {
	if f != nil && len(f.produceRequests) > 0 {
		last := len(f.produceRequests) - 1
		q := f.produceRequests[last]
		f.produceRequests = f.produceRequests[:last]
		return q
	}
	return new(ProduceRequest)
}

func (f *FreeList) produceResponse() *ProduceResponse {
	if f != nil && len(f.produceResponses) > 0 {
		last := len(f.produceResponses) - 1
		q := f.produceResponses[last]
		f.produceResponses = f.produceResponses[:last]
		return q
	}
	return new(ProduceResponse)
}

func (f *FreeList) fetchRequest() *FetchRequest {
	if f != nil && len(f.fetchRequests) > 0 {
		last := len(f.fetchRequests) - 1
		q := f.fetchRequests[last]
		f.fetchRequests = f.fetchRequests[:last]
		return q
	}
	return new(FetchRequest)
}

func (f *FreeList) fetchResponse() *FetchResponse {
	if f != nil && len(f.fetchResponses) > 0 {
		last := len(f.fetchResponses) - 1
		q := f.fetchResponses[last]
		f.fetchResponses = f.fetchResponses[:last]
		return q
	}
	return new(FetchResponse)
}

// Put takes a body back. The caller must hold the only reference to it; record
// bytes are let go, memory of the structs is kept. Bodies of kmsg are ignored.
func (f *FreeList) Put(body Body) {
	if f == nil {
		return
	}
	switch b := body.(type) {
	case *ProduceRequest:
		for i := range b.Partitions {
			b.Partitions[i].Records = nil
		}
		f.produceRequests = append(f.produceRequests, b)
	case *ProduceResponse:
		f.produceResponses = append(f.produceResponses, b)
	case *FetchRequest:
		f.fetchRequests = append(f.fetchRequests, b)
	case *FetchResponse:
		for i := range b.Partitions {
			b.Partitions[i].Records = nil
		}
		f.fetchResponses = append(f.fetchResponses, b)
	}
}
