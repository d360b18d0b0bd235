//go:build unix

// Package processor tells the time that a program has used of its processors.
package processor

import "golang.org/x/sys/unix"

// Seconds is the processor time of this process, which other programs on the machine
// disturb less than the clock on the wall.
func Seconds() float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + 1e-6*float64(u.Utime.Usec+u.Stime.Usec)
}
