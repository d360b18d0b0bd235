// Package quick marks the tests that the quick check leaves out: whole discoveries
// and other tests of more than about a second. `make quick` and the race detector
// run the rest, by go test -short.
package quick

import "testing"

// Skip skips the test under -short.
func Skip(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds: left out under -short")
	}
}
