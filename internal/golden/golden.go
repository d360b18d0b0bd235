// Package golden runs tests that are files of text in and text out. With the
// flag -rewrite it writes what the tests find into the files.
package golden

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what the tests find into testdata")

// Run runs a file of cases: lines that begin with ">" are the input (without
// the ">" and one blank after it), the lines after them, up to a blank one, the
// output that run must give.
func Run(t *testing.T, path string, run func(input string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var result strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		var input, want []string
		for _, line := range strings.Split(block, "\n") {
			if in, ok := strings.CutPrefix(line, ">"); ok {
				input = append(input, strings.TrimPrefix(in, " "))
				fmt.Fprintln(&result, line)
			} else {
				want = append(want, line)
			}
		}
		got := strings.TrimRight(run(strings.Join(input, "\n")), "\n")
		if got != strings.Join(want, "\n") && !*rewrite {
			t.Errorf("%s\n got: %s\nwant: %s", strings.Join(input, "\n"), got, strings.Join(want, "\n"))
		}
		fmt.Fprintf(&result, "%s\n\n", got)
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(result.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
