package protocol

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// However a stream is cut into pieces, the same frames come out of it, as
// ReadFrame reads them.
func TestSplitterFindsFramesInAnyPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want [][]byte
		for range rapid.IntRange(1, 5).Draw(t, "frames") {
			frame := rapid.SliceOfN(rapid.Byte(), 4, 2000).Draw(t, "frame")
			if rapid.IntRange(0, 5).Draw(t, "large") == 0 {
				frame = bytes.Repeat(frame[:4], 40_000)
			}
			want = append(want, frame)
			stream = append(appendInt32(stream, int32(len(frame))), frame...)
		}
		s := NewSplitter(1 << 20)
		var got [][]byte
		for rest := stream; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			piece := append([]byte{}, rest[:n]...)
			rest = rest[n:]
			for len(piece) > 0 {
				frame, left, err := s.Next(piece)
				if err != nil {
					t.Fatal(err)
				}
				if frame != nil {
					got = append(got, frame)
				}
				piece = left
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d frames of %d", len(got), len(want))
		}
		r := iotest.HalfReader(bytes.NewReader(stream))
		for i := range want {
			frame, err := ReadFrame(r, 1<<20)
			if err != nil || !bytes.Equal(frame, want[i]) || !bytes.Equal(got[i], want[i]) {
				t.Fatalf("frame %d differs (%v)", i, err)
			}
		}
		if _, err := ReadFrame(r, 1<<20); err != io.EOF {
			t.Fatalf("after the last frame: %v", err)
		}
	})
}

func TestFrameSizesAreRefused(t *testing.T) {
	for _, c := range []struct {
		prefix []byte
		want   error
	}{
		{[]byte{0, 0, 1, 1}, ErrFrameTooLarge},
		{[]byte{0x7f, 0xff, 0xff, 0xff}, ErrFrameTooLarge},
		{[]byte{0x80, 0, 0, 0}, ErrFrameTooSmall},
		{[]byte{0, 0, 0, 3}, ErrFrameTooSmall},
		{[]byte("GET "), ErrFrameTooLarge},
	} {
		if _, err := FrameSize(c.prefix, 256); !errors.Is(err, c.want) {
			t.Errorf("%x: %v, want %v", c.prefix, err, c.want)
		}
		s := NewSplitter(256)
		if _, _, err := s.Next(c.prefix); !errors.Is(err, c.want) {
			t.Errorf("splitter, %x: %v", c.prefix, err)
		}
		if _, _, err := s.Next([]byte{0, 0, 0, 4, 1, 2, 3, 4}); err == nil {
			t.Errorf("the splitter went on after %v", c.want)
		}
	}
	if _, err := ReadFrame(bytes.NewReader([]byte{0, 0, 0, 9, 1}), 256); err != io.ErrUnexpectedEOF {
		t.Errorf("a frame that ends early: %v", err)
	}
}

// A length prefix alone must not take memory for what it claims.
func TestClaimedFrameTakesNoMemory(t *testing.T) {
	before := allocated(func() {
		s := NewSplitter(100 << 20)
		s.Next([]byte{0x06, 0, 0, 0, 1, 2, 3})
		ReadFrame(bytes.NewReader([]byte{0x06, 0, 0, 0, 1, 2, 3}), 100<<20)
	})
	if before > 1<<20 {
		t.Errorf("%d bytes for a claim of 96 MiB", before)
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
