package gauge

import (
	"fmt"
	"strings"
	"testing"
)

// wide is a model of n observed states of which everything is unknown.
func wide(n int) (text string, observe []string) {
	var states, unknowns []string
	equations := ""
	for i := range n {
		observe = append(observe, fmt.Sprintf("x%d", i))
		states = append(states, fmt.Sprintf("x%d: 0", i))
		unknowns = append(unknowns, fmt.Sprintf("f%d: {}", i))
	}
	for i := range n {
		equations += fmt.Sprintf("  x%d' = f%d(%s)\n", i, i, strings.Join(observe, ", "))
	}
	return fmt.Sprintf("states: {%s}\nunknowns: {%s}\nequations: |\n%s", strings.Join(states, ", "), strings.Join(unknowns, ", "), equations), observe
}

func BenchmarkEverythingUnknownOf40States(b *testing.B) {
	text, observe := wide(40)
	d := dataOf(b, text, observe...)
	for b.Loop() {
		if s := Find(d); len(s) > 0 {
			b.Fatal(s)
		}
	}
}
