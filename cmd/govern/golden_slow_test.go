//go:build slow

package main

import (
	"testing"

	"govern/internal/golden"
	"govern/internal/lane"
)

// The bits of a level do not depend on the number of workers.
func TestGoldenRunsOfEveryLevelAndNumberOfWorkers(t *testing.T) {
	if golden.Rewriting() {
		t.Skip("TestGoldenRuns writes every level")
	}
	for _, level := range lane.Levels() {
		for _, workers := range []string{"1", "2"} {
			if level != lane.Best().Level || workers != "2" { // which TestGoldenRuns does
				goldenRuns(t, level, workers)
			}
		}
	}
}
