//go:build slow

package govern_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"govern"
	"govern/expr"
	"govern/internal/golden"
	"govern/internal/truth"
	"govern/model"
	"govern/ode"
	"govern/problem"
	"govern/series"
	"govern/series/csv"
)

// recovery is one line of the board: a system, what is known of it, and what
// must come back.
type recovery struct {
	name, system string
	step         float64
	samples      int
	noise        map[string]float64 // of the observed states
	learn        string             // model file with the unknowns
	formulas     map[string]string  // the truth
	tolerance    float64            // relative, of every coefficient
	valid        float64            // Lyapunov times of free runs on a clean run; 0: not asked
	lyapunov     float64            // the largest exponent, within 15 %; 0: not asked
	baseline     bool               // sparse regression on derivatives is shown beside
}

func board() []recovery {
	var out []recovery
	for _, n := range []struct{ level, tolerance float64 }{{0, 5e-4}, {0.01, 5e-3}} {
		formulas := map[string]string{"f": "x + 0.2*y"}
		out = append(out,
			recovery{"Rössler, y' unknown", "rossler-14", 0.05, 2001, map[string]float64{"x": n.level, "y": n.level, "z": n.level}, truth.RosslerY, formulas, n.tolerance, 3, 0.111, false},
			recovery{"Rössler, y' unknown, y hidden", "rossler-14", 0.05, 2001, map[string]float64{"x": n.level, "z": n.level}, truth.RosslerY, formulas, n.tolerance, 3, 0.111, false})
	}
	for _, n := range []struct{ level, tolerance float64 }{{0, 1e-3}, {0.01, 5e-3}, {0.1, 0.03}} {
		out = append(out, recovery{"Petržela–Polák, x at 5×, y' unknown", "petrzela-polak", 0.05, 4001,
			map[string]float64{"x": 5, "y": n.level, "z": n.level}, truth.PetrzelaY, map[string]string{"f": "1.25*x^2 - z - 1"}, n.tolerance, 0, 0, true})
	}
	lorenz := map[string]string{"f": "10*y - 10*x", "g": "28*x - y - x*z", "h": "x*y - 2.6666666666666665*z"}
	for _, level := range []float64{0.05, 0.1} {
		out = append(out, recovery{"Lorenz, all unknown", "lorenz", 0.02, 1000,
			map[string]float64{"x": level, "y": level, "z": level}, truth.ThreeStates, lorenz, 0.1, 0, 0, true})
	}
	return append(out,
		recovery{"Hindmarsh–Rose, voltage only, z' unknown", "hindmarsh-rose", 0.1, 10000, map[string]float64{"x": 0.01}, truth.HindmarshRoseZ,
			map[string]string{"f": "0.024*x - 0.006*z + 0.0384"}, 0.1, 0, 0, false},
		recovery{"Lorenz, z at 5×, z' unknown", "lorenz", 0.02, 1000, map[string]float64{"x": 0, "y": 0, "z": 5}, truth.LorenzZ,
			map[string]string{"h": lorenz["h"]}, 0.01, 0, 0, true})
}

// TestRecovery runs the board with three seeds each and prints it; with -rewrite
// it writes docs/recovery.md.
func TestRecovery(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "| case | noise | seed | status | exact | largest error | in intervals | valid time | λ1 | s | baseline |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	inside, runs := 0, 0
	for _, c := range board() {
		for seed := uint64(1); seed <= 3; seed++ {
			o := c.run(t, seed)
			fmt.Fprintln(&table, o.row(c, seed))
			if !o.exact || o.worst > c.tolerance {
				t.Errorf("%s, noise %s, seed %d: exact %v, error %.3g (tolerance %g): %s", c.name, levels(c.noise), seed, o.exact, o.worst, c.tolerance, o.found)
			}
			if c.valid > 0 && !(o.valid >= c.valid) {
				t.Errorf("%s, noise %s, seed %d: valid for %.2g Lyapunov times, want %g", c.name, levels(c.noise), seed, o.valid, c.valid)
			}
			if c.lyapunov > 0 && !(math.Abs(o.lyapunov-c.lyapunov) < 0.15*c.lyapunov) {
				t.Errorf("%s, noise %s, seed %d: largest exponent %.3g, want %g", c.name, levels(c.noise), seed, o.lyapunov, c.lyapunov)
			}
			if c.system == "rossler-14" {
				runs++
				if o.covered {
					inside++
				}
			}
			if c.baseline && c.noise["x"]+c.noise["z"] >= 5 && o.baseline == "exact" {
				t.Errorf("%s: the baseline succeeds on a channel ruined by noise, so the case shows nothing", c.name)
			}
		}
	}
	if inside < 10 {
		t.Errorf("the Rössler coefficients are inside their 95 %% intervals in %d of %d runs, want 10", inside, runs)
	}
	t.Logf("\n%s", table.String())
	if golden.Rewriting() {
		head := "# Recovery\n\nPrinted by `go test -tags slow -run TestRecovery -v .` and written by the same with `-rewrite`. Every line is one run of the default\n" +
			"settings on simulated data; noise is in standard deviations of each observed channel. *Exact*: the terms are those of the truth and\nno others. " +
			"*Valid time*: median over ten starts of free runs from the exact state, on a separate clean run of 100 units, in Lyapunov times.\n" +
			"*Baseline*: sparse regression on derivatives of the same data (`discover: {method: derivatives}`).\n\n"
		if err := os.WriteFile("docs/recovery.md", []byte(head+table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

type outcome struct {
	status, found, baseline         string
	exact, covered                  bool
	worst, valid, lyapunov, seconds float64
}

func (o outcome) row(c recovery, seed uint64) string {
	number := func(v float64, asked bool) string {
		if !asked || math.IsNaN(v) {
			return "–"
		}
		return fmt.Sprintf("%.3g", v)
	}
	return fmt.Sprintf("| %s | %s | %d | %s | %v | %.2g %% | %v | %s | %.4g | %.1f | %s |",
		c.name, levels(c.noise), seed, o.status, o.exact, 100*o.worst, o.covered, number(o.valid, c.valid > 0), o.lyapunov, o.seconds, o.baseline)
}

func levels(noise map[string]float64) string {
	var names []string
	for k := range noise {
		names = append(names, k)
	}
	slices.Sort(names)
	for i, k := range names {
		names[i] = fmt.Sprintf("%s %g", k, noise[k])
	}
	return strings.Join(names, ", ")
}

// run solves the problem and compares.
func (c recovery) run(t *testing.T, seed uint64) outcome {
	t.Helper()
	m, err := model.Lookup(c.system)
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Now()
	out := c.solve(t, seed, "")
	o := outcome{status: string(out.Result.Status), seconds: time.Since(clock).Seconds(), baseline: "–", lyapunov: math.NaN(), valid: math.NaN()}
	o.exact, o.covered, o.worst, o.found = coefficients(t, out, c.formulas)
	if len(out.Result.Dynamics.Lyapunov) > 0 {
		o.lyapunov = float64(out.Result.Dynamics.Lyapunov[0])
	}
	if c.valid > 0 && out.Model != nil {
		o.valid = validTime(t, m, out.Model, 1/c.lyapunov)
	}
	if c.baseline {
		base := c.solve(t, seed, "discover: {method: derivatives}\n")
		if exact, _, worst, _ := coefficients(t, base, c.formulas); exact {
			o.baseline = fmt.Sprintf("exact, %.2g %%", 100*worst)
			if worst < 0.1 {
				o.baseline = "exact"
			}
		} else {
			terms := 0
			for _, u := range base.Result.Unknowns {
				terms += len(u.Terms)
			}
			o.baseline = fmt.Sprintf("fails (%d terms)", terms)
		}
	}
	return o
}

// solve makes the data and solves the problem through its files.
func (c recovery) solve(t *testing.T, seed uint64, more string) *govern.Outcome {
	t.Helper()
	m, err := model.Lookup(c.system)
	if err != nil {
		t.Fatal(err)
	}
	return discoverIn(t, truth.Case{Model: m, Step: c.step, Samples: c.samples, Noise: c.noise, Seed: 100 + seed, Transient: 200}, c.learn, more)
}

// discoverIn writes a case's data to a file and solves a problem on them.
func discoverIn(t *testing.T, c truth.Case, learn, more string) *govern.Outcome {
	t.Helper()
	dir := t.TempDir()
	entry, err := c.Entry()
	if err != nil {
		t.Fatal(err)
	}
	s := &series.Series{TimeName: "t", Time: entry.Times}
	for _, ch := range entry.Channels {
		s.Columns = append(s.Columns, series.Column{Name: ch.Column, Values: ch.Values})
	}
	file, err := os.Create(filepath.Join(dir, "data.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if err := csv.Write(file, s); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := problem.Read(filepath.Join(dir, "problem.yaml"), []byte("model:"+learn+"data: {file: data.csv, time: t}\n"+more))
	if err != nil {
		t.Fatal(err)
	}
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// coefficients says whether the formulas have the terms of the truth and no others,
// whether every true coefficient is inside its interval, and the largest
// relative error.
func coefficients(t *testing.T, out *govern.Outcome, formulas map[string]string) (exact, covered bool, worst float64, found string) {
	exact, covered = true, true
	for name, text := range formulas {
		e, err := expr.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]float64{}
		for _, term := range expr.Terms(e) {
			want[term.Factor.String()] = term.Coefficient
		}
		u := out.Result.Unknowns[name]
		if u.Expression != nil {
			found += name + " = " + *u.Expression + "; "
		}
		exact = exact && len(u.Terms) == len(want)
		for _, term := range u.Terms {
			factor, err := expr.Parse(term.Term)
			if err != nil {
				t.Fatal(err)
			}
			v, ok := want[expr.Simplify(factor).String()]
			if !ok {
				exact = false
				continue
			}
			worst = math.Max(worst, math.Abs(float64(term.Coefficient)-v)/math.Abs(v))
			covered = covered && float64(term.Low) <= v && v <= float64(term.High)
		}
	}
	return exact, covered && exact, worst, found
}

// validTime runs the model freely from ten exact states of a separate clean run
// of 100 units and returns the median time, in Lyapunov times, until the rms
// error over the states exceeds 0.4 of their standard deviations.
func validTime(t *testing.T, truth0, learned *model.Model, unit float64) float64 {
	t.Helper()
	clean := truth.Case{Model: truth0, Step: 0.05, Samples: 2001, Seed: 999, Transient: 300}
	times, states, err := clean.Trajectory()
	if err != nil {
		t.Fatal(err)
	}
	sys, err := ode.NewSystem(learned)
	if err != nil {
		t.Fatal(err)
	}
	std := make([]float64, len(states))
	for i, x := range states {
		std[i] = series.Std(x)
	}
	var valid []float64
	for k := range 10 {
		from := k * 100
		x0 := make([]float64, len(states))
		for i := range x0 {
			x0[i] = states[i][from]
		}
		sol, err := ode.Solve(context.Background(), sys, x0, times[from:], ode.Options{})
		if err != nil {
			t.Fatal(err)
		}
		until := times[len(times)-1] - times[from]
		for j := range sol.Time {
			sum := 0.0
			for i := range states {
				e := (sol.Values[i][j] - states[i][from+j]) / std[i]
				sum += e * e / float64(len(states))
			}
			if math.Sqrt(sum) > 0.4 {
				until = sol.Time[j] - times[from]
				break
			}
		}
		valid = append(valid, until/unit)
	}
	slices.Sort(valid)
	return (valid[4] + valid[5]) / 2
}
