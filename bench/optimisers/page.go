package main

import (
	"fmt"
	"math"
	"os"
	"strings"
)

const header = "| network, samples | optimiser | s | steps | objective | evidence | error |\n"

// rewrite puts the table of the results into a page, in the place of the one there.
func rewrite(path string, results map[string]outcome) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, after, found := strings.Cut(string(text), header)
	if !found {
		return fmt.Errorf("%s: no table that starts %q", path, header)
	}
	for strings.HasPrefix(after, "|") {
		_, after, _ = strings.Cut(after, "\n")
	}
	return os.WriteFile(path, []byte(before+table(results)+after), 0o644)
}

func table(results map[string]outcome) string {
	out := header + "|---|---|---|---|---|---|---|\n"
	for _, c := range experiments() {
		name := fmt.Sprintf("{%s}, %s (%d weights)", c.layers(), thousands(c.samples), c.weights())
		for _, with := range c.with {
			r, ok := results[outcome{Case: c.name, Optimiser: with}.name()]
			if !ok {
				continue
			}
			out += strings.TrimRight("| "+name, " ") + " | " + fmt.Sprintf("`%s` | %s |\n", with, r.cells())
			name = ""
		}
	}
	return out
}

func (o outcome) cells() string {
	if o.Steps == 0 {
		return fmt.Sprintf("%.1f a step, not run to its end | | | |", o.Seconds)
	}
	return fmt.Sprintf("%.1f | %d | %.1f | %s | %s", o.Seconds, o.Steps, o.Objective, signed(float64(o.Evidence)), significant(float64(o.Error)))
}

// significant is a number of two digits.
func significant(v float64) string {
	places := 1 - int(math.Floor(math.Log10(v)))
	return fmt.Sprintf("%.*f", max(places, 0), v)
}

// signed has the sign that is printed, not the hyphen.
func signed(v float64) string {
	return strings.Replace(fmt.Sprintf("%.1f", v), "-", "−", 1)
}

func thousands(n int) string {
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// layers lists the sizes of the hidden layers.
func (c experiment) layers() string {
	var out []string
	for _, h := range c.hidden {
		out = append(out, fmt.Sprint(h))
	}
	return strings.Join(out, ", ")
}

// weights are those of two inputs, the hidden layers and one output, biases included.
func (c experiment) weights() int {
	n, inputs := 0, 2
	for _, h := range c.hidden {
		n += (inputs + 1) * h
		inputs = h
	}
	return n + inputs + 1
}
