//go:build !unix

package processor

import "time"

var started = time.Now()

// Seconds is wall time where there is no other.
func Seconds() float64 { return time.Since(started).Seconds() }
