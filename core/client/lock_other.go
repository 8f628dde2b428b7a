//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package client

import (
	"errors"
	"fmt"
	"os"
)

// tryLock fails: without a lock two processes would use one refresh token.
func tryLock(*os.File) (bool, error) {
	return false, fmt.Errorf("there is no file lock on this system: use another Storage: %w", errors.ErrUnsupported)
}

func checkMode(*os.File) error { return nil }
