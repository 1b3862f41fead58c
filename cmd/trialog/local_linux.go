package main

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from the nodes, which are told to stop by
// whoever started them, and ends them with it when it is killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
