//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package run

import (
	"io"
	"os"
)

// lockFile does not exclude other processes here: the standard library offers
// no lock that a killed process lets go of.
func lockFile(path string) (io.Closer, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
}
