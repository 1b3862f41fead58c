package powercut

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// fsName is what mount tables say of a Disk, with the number of the process behind it.
const fsName = "trialog-powercut"

// Mount is a disk that processes can use.
type Mount struct {
	Dir    string
	disk   *Disk
	server *fuse.Server
}

// Mount shows the disk at an existing directory. The error says why FUSE is not
// to be had here: no /dev/fuse, or no right to mount.
func (d *Disk) Mount(dir string) (*Mount, error) {
	unmountDead()
	server, err := serve(newMounted(d), dir)
	if err != nil {
		return nil, fmt.Errorf("FUSE: %w", err)
	}
	m := &Mount{Dir: dir, disk: d, server: server}
	go server.Serve()
	if err := server.WaitMount(); err != nil {
		return nil, errors.Join(fmt.Errorf("FUSE: %w", err), m.Unmount())
	}
	return m, nil
}

// serve mounts. The library leaves its descriptor open to programs that are
// executed meanwhile, and one that holds it keeps the mount from dying with us.
func serve(fs fuse.RawFileSystem, dir string) (*fuse.Server, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	server, err := fuse.NewServer(fs, dir, &fuse.MountOptions{
		FsName: fmt.Sprintf("%s:%d", fsName, os.Getpid()), Name: fsName, DirectMountStrict: true,
		MaxWrite: 1 << 20, DisableXAttrs: true, DisableReadDirPlus: true, DisableSplice: true,
	})
	if err != nil {
		return nil, err
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, errors.Join(err, server.Unmount())
	}
	for _, e := range open {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && to == "/dev/fuse" {
			var fd int
			if _, err := fmt.Sscan(e.Name(), &fd); err == nil {
				syscall.CloseOnExec(fd)
			}
		}
	}
	return server, nil
}

// Unmount takes the disk away from processes, when nobody uses it any more. The
// files of processes that have been killed take a moment.
func (m *Mount) Unmount() error {
	var err error
	for range 200 {
		if err = unix.Unmount(m.Dir, 0); err == nil || errors.Is(err, unix.EINVAL) { // not mounted
			m.server.Wait()
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return errors.Join(fmt.Errorf("%s is in use: %w", m.Dir, err), unix.Unmount(m.Dir, unix.MNT_DETACH))
}

// unmountDead clears away mounts whose process has died without doing so.
func unmountDead() {
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		if pid, ok := strings.CutPrefix(fields[0], fsName+":"); ok {
			if _, err := os.Stat("/proc/" + pid); errors.Is(err, os.ErrNotExist) {
				_ = unix.Unmount(fields[1], unix.MNT_DETACH)
			}
		}
	}
}
