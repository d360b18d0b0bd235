// Package golden compares what tests find with what is kept in files. With the
// flag -rewrite, which every test binary that imports the package has, it writes what
// they find into the files.
package golden

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what the tests find into the files that they are compared with")

// Rewriting says that what is found is to be kept and not compared.
func Rewriting() bool { return *rewrite }

// File compares a text with that of a file, or writes it there.
func File(t *testing.T, path, got string) {
	t.Helper()
	if *rewrite {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v; %s writes it", err, command(t))
		return
	}
	if line, have, kept := difference(got, string(want)); line > 0 {
		t.Errorf("%s:%d differs\n got: %s\nkept: %s\nif it is meant to, write it with %s and look at git diff", path, line, have, kept, command(t))
	}
}

// command is what rewrites the files of a test, in the directory of its package.
func command(t *testing.T) string {
	name, _, _ := strings.Cut(t.Name(), "/")
	return "`go test -run '^" + name + "$' . -rewrite`"
}

// difference is the first line that differs between two texts, counted from 1; 0 if
// none does.
func difference(got, want string) (line int, have, kept string) {
	if got == want {
		return 0, "", ""
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	at := func(lines []string, i int) string {
		if i < len(lines) {
			return lines[i]
		}
		return "(the text has ended)"
	}
	for i := 0; ; i++ {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i + 1, at(a, i), at(b, i)
		}
	}
}

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
		if err := os.WriteFile(path, []byte(strings.TrimSuffix(result.String(), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
