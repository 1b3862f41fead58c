package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
)

// fill writes at least so many bytes of values to a server's logs, window
// records in flight a producer, and returns when all are acknowledged.
func fill(ctx context.Context, srv server, c cell, window, bytes int) error {
	clients, err := connectAll(ctx, srv, c, window)
	if err != nil {
		return err
	}
	defer closeAll(clients)
	records := (bytes + c.size - 1) / c.size
	failures := make([]error, len(clients))
	var all sync.WaitGroup
	for i, p := range clients {
		all.Go(func() { failures[i] = fillShare(ctx, p, c, i, records, window) })
	}
	all.Wait()
	return errors.Join(failures...)
}

// fillShare writes every n-th record, for n producers.
func fillShare(ctx context.Context, p producer, c cell, index, records, window int) error {
	value := c.value()
	tokens := make(chan struct{}, window)
	failed := make(chan error, 1)
	take := func() error {
		select {
		case tokens <- struct{}{}:
			return nil
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for n := index; n < records; n += c.producers {
		if err := take(); err != nil {
			return err
		}
		p.send(ctx, n%c.partitions, value, func(err error) {
			if err != nil {
				select {
				case failed <- err:
				default: // one says enough
				}
				return // its token stays taken
			}
			<-tokens
		})
	}
	for range window {
		if err := take(); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file of so many bytes.
func writeFile(ctx context.Context, path string, bytes int) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	block := cell{size: 1 << 20}.value()
	for written := 0; written < bytes && err == nil && ctx.Err() == nil; written += len(block) {
		_, err = f.Write(block)
	}
	return errors.Join(err, ctx.Err(), f.Close())
}
