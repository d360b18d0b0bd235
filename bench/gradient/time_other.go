//go:build !unix

package main

import "time"

var started = time.Now()

// processTime is wall time where there is no other.
func processTime() float64 { return time.Since(started).Seconds() }
