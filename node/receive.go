package node

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"trialog/core/protocol"
)

// atOnce is up to which size a frame's memory is taken in one piece. A larger
// frame's grows with what has come, since its size is only a claim: to growBy
// times that at a time.
const (
	atOnce = 1 << 20
	growBy = 4
)

// slowestRate is how many bytes a second of a frame must arrive, all in all.
const slowestRate = 64 << 10

// frameDeadline is until when an announced frame must have arrived.
func (n *Network) frameDeadline(now time.Time, size int) time.Time {
	return now.Add(n.FrameTimeout + time.Duration(size/slowestRate)*time.Second)
}

// readFrame reads a frame of which in's next bytes are the prefix. What fits
// into the connection's own buffer must be there before any memory is taken:
// an announcement alone costs nothing. nil: the connection has ended.
func (c *connection) readFrame(in *bufio.Reader, size int) ([]byte, error) {
	begun := min(protocol.FramePrefixBytes+size, in.Size())
	if in.Buffered() < begun {
		if err := c.socket.SetReadDeadline(c.node.config.Network.frameDeadline(time.Now(), size)); err != nil {
			return nil, err
		}
		if _, err := in.Peek(begun); err != nil {
			return nil, cutShort(err)
		}
	}
	if !c.hold(int64(size)) {
		return nil, nil
	}
	whole := in.Buffered() >= protocol.FramePrefixBytes+size
	if _, err := in.Discard(protocol.FramePrefixBytes); err != nil {
		return nil, err
	}
	if whole {
		frame := make([]byte, size)
		_, err := io.ReadFull(in, frame)
		return frame, err
	}
	now := time.Now()
	if err := c.socket.SetReadDeadline(c.node.config.Network.frameDeadline(now, size)); err != nil {
		return nil, err
	}
	c.receiving.begin(now, 0)
	defer c.receiving.end()
	return c.readRest(in, size)
}

// readRest reads a frame that is still arriving.
func (c *connection) readRest(in *bufio.Reader, size int) ([]byte, error) {
	frame := make([]byte, min(size, atOnce))
	for got := 0; ; {
		n, err := in.Read(frame[got:])
		got += n
		c.receiving.advance(got)
		switch {
		case got == size:
			return frame, nil
		case err != nil:
			return nil, cutShort(err)
		case got == len(frame):
			grown := make([]byte, min(size, growBy*got))
			copy(grown, frame)
			frame = grown
		}
	}
}

// cutShort tells an end within a frame, which is the client's fault, from others.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", errProtocol, io.ErrUnexpectedEOF)
	}
	return err
}
