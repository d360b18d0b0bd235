//go:build slow

package fit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"govern/expr"
	"govern/fit"
	"govern/internal/truth"
	"govern/journal"
	"govern/model"
)

// TestTheTableOfOptimisers prints the table of docs/training.md: Rössler's
// second equation learned by networks of several sizes on records of several
// lengths, from the same start by every optimiser. Seconds are of the processor,
// without the smoother. Of Levenberg–Marquardt on the large ones only two
// steps are taken: seconds a step (so of all with GOVERN_STOP steps). GOVERN_TRAINING selects rows by their names,
// GOVERN_ROWS prints every iteration.
func TestTheTableOfOptimisers(t *testing.T) {
	fmt.Printf("%-22s %-6s %8s %8s %12s %12s %8s %10s\n", "case", "with", "s", "steps", "objective", "evidence", "omega", "error")
	for _, c := range []struct {
		name    string
		hidden  string
		samples int
		with    []string
	}{
		{"small", "[10]", 2000, []string{fit.LM, fit.LBFGS, fit.Adam}},
		{"middle", "[10, 10]", 2000, []string{fit.LM, fit.LBFGS}},
		{"wide", "[32, 32]", 2000, []string{fit.LBFGS, fit.Adam, fit.LM}},
		{"long", "[10, 10]", 100_000, []string{fit.LBFGS, fit.Adam, fit.LM}},
	} {
		m, err := model.Lookup("rossler-14")
		if err != nil {
			t.Fatal(err)
		}
		data := truth.Case{Model: m, Step: 0.05, Samples: c.samples, Seed: 5, Transient: 100, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
		for _, with := range c.with {
			name := c.name + "/" + with
			if want := os.Getenv("GOVERN_TRAINING"); want != "" && !strings.Contains(name, want) {
				continue
			}
			limit, _ := strconv.Atoi(os.Getenv("GOVERN_STOP"))
			if with == fit.LM && (c.name == "wide" || c.name == "long") {
				limit = 2
			}
			f, seconds, wrong := trained(t, data, strings.Replace(rosslerNeural, "[10]", c.hidden, 1), with, limit)
			if f == nil {
				fmt.Printf("%-22s %-6s %8.1f a step\n", c.name+" "+c.hidden, with, seconds)
				continue
			}
			fmt.Printf("%-22s %-6s %8.1f %8d %12.2f %12.1f %8.1g %10.2g\n", c.name+" "+c.hidden, with, seconds, f.Iterations, f.Objective, f.Evidence, f.Omega, wrong)
		}
	}
}

// processor is the processor time that this program has used, in seconds: other
// programs on the machine do not change it much.
func processor(t *testing.T) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// lines follows a fit; it ends it after limit rows, if there is a limit.
type lines struct {
	start       time.Time
	rows, limit int
	stop        func()
	clock       func() float64
	seconds     float64 // a row, after the first
}

func (l *lines) Row(r journal.Row) {
	if l.rows++; l.rows == 1 {
		l.seconds = -l.clock()
	}
	if l.rows == l.limit {
		l.seconds = (l.seconds + l.clock()) / float64(l.limit-1)
		l.stop()
	}
	if os.Getenv("GOVERN_ROWS") != "" {
		fmt.Printf("%8.2f %s %d %.3f step %.3g omega %.2g noise %.4g\n", time.Since(l.start).Seconds(), r.Stage, r.Iteration, r.Objective, r.Damping, r.Omega, r.Noise)
	}
}
func (l *lines) Stage(string, float64) {}
func (l *lines) Warn(s string)         { fmt.Println(s) }

// trained fits with one optimiser; wrong is the rms error of the function along
// the exact path over the truth's rms.
func trained(t *testing.T, c truth.Case, text, with string, limit int) (f *fit.Fitted, seconds, wrong float64) {
	t.Helper()
	d, err := c.Data(text)
	if err != nil {
		t.Fatal(err)
	}
	e := &fit.Engine{Data: d, Seed: 1, Options: fit.Options{Optimiser: with}}
	sm, err := e.Smooth(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	used := processor(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watch := &lines{start: start, limit: limit, stop: cancel, clock: func() float64 { return processor(t) }}
	e.Monitor = watch
	if f, err = e.Neural(ctx, "neural", sm); errors.Is(err, context.Canceled) {
		return nil, watch.seconds, 0
	}
	if err != nil {
		t.Fatal(err)
	}
	seconds = processor(t) - used
	_, states, err := c.Trajectory()
	if err != nil {
		t.Fatal(err)
	}
	square, size := 0.0, 0.0
	got := f.Formula(0)
	for i := 0; i < c.Samples; i += max(1, c.Samples/500) {
		a, err := expr.Eval(got, func(name string) (float64, bool) {
			k := c.Model.StateIndex(name)
			return states[max(k, 0)][i], k >= 0
		})
		if err != nil {
			t.Fatal(err)
		}
		b := states[0][i] + 0.2*states[1][i]
		square += (a - b) * (a - b)
		size += b * b
	}
	return f, seconds, math.Sqrt(square / size)
}
