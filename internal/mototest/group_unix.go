//go:build unix

package mototest

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a command into a process group of its own, so that it can
// end its children without ending ours.
func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
