package client

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

// Flags of LockFileEx, and the error for a lock that someone else has.
const (
	lockfileFailImmediately = 1
	lockfileExclusiveLock   = 2

	errorLockViolation = syscall.Errno(33)
)

// tryLock takes the exclusive lock on an open file, unless someone else has it.
func tryLock(file *os.File) (bool, error) {
	lockFileEx := syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")
	done, _, err := lockFileEx.Call(file.Fd(), lockfileFailImmediately|lockfileExclusiveLock, 0, 1, 0,
		uintptr(unsafe.Pointer(new(syscall.Overlapped)))) //nolint:gosec // the system call takes no other pointer
	switch {
	case done != 0:
		return true, nil
	case errors.Is(err, errorLockViolation), errors.Is(err, syscall.ERROR_IO_PENDING):
		return false, nil
	}
	return false, err
}

// checkMode has nothing to check: who may read a file is a matter of its folder.
func checkMode(*os.File) error { return nil }
