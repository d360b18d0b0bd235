package govern_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"govern"
	"govern/compare"
	"govern/conclude"
	"govern/fit"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/ode"
	"govern/problem"
	"govern/profile"
	"govern/record"
	"govern/report"
	"govern/run"
	"govern/series"
	"govern/series/csv"
)

// trials are records of one system, each with a value of its own of a parameter.
type trials struct {
	system    string // of the catalogue
	parameter string
	values    []float64
	samples   []int // of every trial; one number: of all
	step      float64
	noise     float64   // of every state, in standard deviations
	levels    []float64 // of every trial's noise, which is so many times noise; nil: 1
	outliers  int       // samples of x in every trial that are ten standard deviations of its noise off
	seed      uint64
	gap       int // samples from the 100th on that the first trial lacks
}

// entries observes the trials: the noise of a channel is the same in all of them, but
// for their levels.
func (c trials) entries(t *testing.T) []record.Entry {
	t.Helper()
	var out []record.Entry
	for k, v := range c.values {
		m := lookup(t, c.system).WithParameters(map[string]float64{c.parameter: v})
		exact := map[string]float64{}
		for _, s := range m.States {
			exact[s.Name] = 0
		}
		entry, err := truth.Case{Model: m, Step: c.step, Samples: c.samples[min(k, len(c.samples)-1)], Seed: c.seed*1009 + uint64(k), Transient: 50, Noise: exact}.Entry()
		if err != nil {
			t.Fatal(err)
		}
		entry.Name = c.file(k)
		out = append(out, entry)
	}
	rng := rand.New(rand.NewPCG(c.seed, 4))
	for i := range out[0].Channels {
		var all []float64
		for _, e := range out {
			all = append(all, e.Channels[i].Values...)
		}
		sigma := c.noise * series.Std(all)
		for k, e := range out {
			level := 1.0
			if c.levels != nil {
				level = c.levels[k]
			}
			for j := range e.Channels[i].Values {
				e.Channels[i].Values[j] += level * sigma * rng.NormFloat64()
			}
			for n := range c.outliers {
				if i == 0 {
					e.Channels[0].Values[50+40*n] += 10 * level * sigma
				}
			}
		}
	}
	return out
}

// write puts the trials into a new directory and reads a problem that has %s where
// its data stand; options are of an entry of data, each with a comma before it.
func (c trials) write(t *testing.T, text string, options func(k int) string) *problem.Problem {
	t.Helper()
	dir := t.TempDir()
	var data strings.Builder
	for k, entry := range c.entries(t) {
		cut := func(x []float64) []float64 {
			if k > 0 || c.gap == 0 {
				return x
			}
			return slices.Concat(x[:100], x[100+c.gap:])
		}
		s := &series.Series{TimeName: "t", Time: cut(entry.Times)}
		for _, ch := range entry.Channels {
			s.Columns = append(s.Columns, series.Column{Name: ch.Column, Values: cut(ch.Values)})
		}
		var b bytes.Buffer
		if err := csv.Write(&b, s); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, c.file(k)), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&data, "  - {file: %s%s}\n", c.file(k), options(k))
	}
	p, err := problem.Read(filepath.Join(dir, "problem.yaml"), []byte(fmt.Sprintf(text, data.String())))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (c trials) file(k int) string { return fmt.Sprintf("trial%d.csv", k+1) }

func nothing(int) string { return "" }

const rosslerEach = `
model:
  states: {x: 0, y: 0, z: 0}
  parameters: {c: {value: 10, fit: true, each: entry, sd: 50 %%}}
  unknowns: {f: {}}
  equations: |
    x' = -y - z
    y' = f(x, y)
    z' = 0.2 + z*(x - c)
data:
%s`

// terms are the exact terms of an unknown with their coefficients.
func terms(t *testing.T, out *govern.Outcome, unknown string) map[string]run.Term {
	t.Helper()
	found := map[string]run.Term{}
	for _, q := range out.Result.Unknowns[unknown].Terms {
		found[q.Term] = q
	}
	return found
}

// off is the distance of an estimate from the truth in half widths of its interval.
func off(e run.Estimate, truth float64) float64 {
	return math.Abs(float64(e.Value)-truth) / (float64(e.High-e.Low) / 2)
}

// Eight short records of Rössler's system under 5 % noise, with a c of its own each
// and the equation of y unknown.
func TestEveryEntryHasAValueOfItsOwn(t *testing.T) {
	quick.Skip(t)
	c := trials{system: "rossler", parameter: "c", values: []float64{8, 9, 10, 11, 12, 13, 14, 7}, samples: []int{300}, step: 0.1, noise: 0.05, seed: 1}
	p := c.write(t, rosslerEach, nothing)
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	r := out.Result
	if r.Status != run.OK {
		t.Errorf("status %s: %s", r.Status, r.Advice)
	}
	f := terms(t, out, "f")
	if len(f) != 2 || math.Abs(float64(f["x"].Coefficient)-1) > 0.01 || math.Abs(float64(f["y"].Coefficient)-0.2) > 0.01 {
		t.Errorf("f = %s", *r.Unknowns["f"].Expression)
	}
	if z := *r.Equations["z"]; !strings.Contains(z, "c") {
		t.Errorf("z' = %s does not name what differs between entries", z)
	}
	all := r.Parameters["c"]
	if len(all.Entries) != len(c.values) {
		t.Fatalf("%d values for %d entries", len(all.Entries), len(c.values))
	}
	mean := 0.0
	for k, v := range c.values {
		e := all.Entries[c.file(k)]
		if mean += float64(e.Value) / 8; !(off(e, v) < 2) || !(e.High-e.Low < 0.5) { // 2 half widths: nearly four standard deviations
			t.Errorf("%s: c = %v [%v, %v], true %v", c.file(k), e.Value, e.Low, e.High, v)
		}
	}
	if math.Abs(mean-float64(all.Value)) > 1e-9 || off(all, 10.5) > 2 {
		t.Errorf("the mean is %v, of the values %v", all.Value, mean)
	}
	for column, free := range r.Errors.Free {
		if !(free < 0.1) {
			t.Errorf("free runs leave %s by %v", column, free)
		}
	}
	// Free runs of an entry are with its value.
	for _, track := range out.Trajectories.Entries {
		for _, ch := range track.Channels {
			sum := 0.0
			for i := range 50 {
				sum += (ch.Free[i] - ch.Data[i]) * (ch.Free[i] - ch.Data[i]) / 50
			}
			if noise := float64(r.Noise[ch.Name]); math.Sqrt(sum) > 2*noise {
				t.Errorf("%s, %s: the free run is %v off, noise %v", track.Entry, ch.Name, math.Sqrt(sum), noise)
			}
		}
	}
	// The model has the mean, simulates, and may be fitted again.
	m, err := model.Read("model.yaml", out.Model.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if q := m.Parameters[m.ParameterIndex("c")]; q.Value != float64(all.Value) || !q.Each || !q.Fit || len(m.Parameters) != 1 || q.SD != 0 {
		t.Errorf("model.yaml has the parameters %+v", m.Parameters)
	}
	if _, err := ode.NewSystem(m); err != nil {
		t.Error(err)
	}
	if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "model.yaml holds the mean") }) {
		t.Errorf("nobody says what model.yaml holds: %q", r.Warnings)
	}
	_, err = profile.Of(context.Background(), p, r, profile.Options{Parameter: "c"}, govern.Settings{})
	if wrong, ok := errors.AsType[*profile.Error](err); !ok || !strings.Contains(wrong.Why, "c of trial1.csv") {
		t.Errorf("a profile of all values at once: %v", err)
	}
}

const closedEach = `
model:
  states: {x: 0, y: 0, z: 0}
  parameters:
    a: {value: 0.3, fit: true, sd: 30 %%}
    c: {value: 8, fit: true, each: entry, spread: true}
  equations: |
    x' = -y - z
    y' = x + a*y
    z' = 0.2 + z*(x - c)
data:
%s`

// differing are five records, one of them with a gap, two too short to tell their
// c, and one that is a test as a whole.
func differing(t *testing.T) (trials, *problem.Problem) {
	c := trials{system: "rossler", parameter: "c", values: []float64{8, 9, 10, 11, 12, 9.5}, samples: []int{300, 100, 100, 300, 100, 300}, step: 0.1, noise: 0.05, seed: 1, gap: 40}
	return c, c.write(t, closedEach, func(k int) string {
		if k == 5 {
			return ", use: test"
		}
		return ""
	})
}

func TestASpreadAPriorAndATestWithAValueOfItsOwn(t *testing.T) {
	quick.Skip(t)
	c, p := differing(t)
	var first string
	var out *govern.Outcome
	for _, workers := range []int{1, 3} {
		var err error
		if out, err = govern.Discover(context.Background(), p, govern.Settings{Workers: workers}); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = bits(t, out)
		} else if bits(t, out) != first {
			t.Errorf("%d workers give other bits than 1", workers)
		}
	}
	r := out.Result
	all := r.Parameters["c"]
	for k, v := range c.values {
		e := all.Entries[c.file(k)]
		if !(off(e, v) < 2) {
			t.Errorf("%s: c = %v [%v, %v], true %v", c.file(k), e.Value, e.Low, e.High, v)
		}
	}
	// Records that say nothing are drawn to the mean, as uncertain as the spread.
	for _, k := range []int{1, 2} {
		e := all.Entries[c.file(k)]
		if sd := float64(e.High-e.Low) / 2 / 1.96; sd > 1.5*float64(all.Spread.Value) || math.Abs(float64(e.Value-all.Value)) > 2*float64(all.Spread.Value) {
			t.Errorf("%s: c = %v [%v, %v], drawn from %v ± %v", c.file(k), e.Value, e.Low, e.High, all.Value, all.Spread.Value)
		}
	}
	if s := all.Spread; !(s.Low < 1.4 && s.High > 1.4 && s.Low > 0.3) { // of the five values: 1.41
		t.Errorf("spread %v [%v, %v]", s.Value, s.Low, s.High)
	}
	a := r.Parameters["a"]
	if a.Prior == nil || a.Prior.Value != 0.3 || math.Abs(float64(a.Prior.SD)-0.09) > 1e-12 || math.Abs(float64(a.Prior.Off)-(float64(a.Value)-0.3)/0.09) > 1e-9 {
		t.Errorf("prior of a: %+v", a.Prior)
	}
	for _, want := range []string{"trial6.csv is a test as a whole", "trial1.csv: gaps longer than"} { // whose parts share a value
		if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("warnings %q lack %q", r.Warnings, want)
		}
	}
	if len(all.Entries) != len(c.values) {
		t.Errorf("%d values for %d files", len(all.Entries), len(c.values))
	}
	for column, free := range r.Errors.Free {
		if !(free < 0.3) { // its c is from half of the record
			t.Errorf("free runs leave %s by %v", column, free)
		}
	}
	// What is read back from the files can be profiled.
	text, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := run.DecodeResult(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := profile.Of(context.Background(), p, read, profile.Options{Parameter: "c of trial1.csv"}, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	want := all.Entries["trial1.csv"]
	if width := float64(want.High - want.Low); math.Abs(got.Low.At-float64(want.Low)) > 0.1*width || math.Abs(got.High.At-float64(want.High)) > 0.1*width {
		t.Errorf("profile [%v, %v], covariance [%v, %v]", got.Low.At, got.High.At, want.Low, want.High)
	}
}

func TestAnInterruptedFitOfValuesOfEntriesEndsWithTheSameBits(t *testing.T) {
	quick.Skip(t)
	_, p := differing(t)
	interrupted(t, func(ctx context.Context, s govern.Settings) (*govern.Outcome, error) {
		return govern.Discover(ctx, p, s)
	})
}

// A prior that the data contradict is said to be so, and loses to them.
func TestAPriorFarFromTheDataIsSaid(t *testing.T) {
	quick.Skip(t)
	c := trials{system: "rossler", parameter: "c", values: []float64{8}, samples: []int{400}, step: 0.1, noise: 0.05, seed: 2}
	p := c.write(t, strings.Replace(closedEach, "c: {value: 8, fit: true, each: entry, spread: true}", "c: {value: 9, fit: true, sd: 0.1}", 1), nothing)
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if c := out.Result.Parameters["c"]; !(c.Prior.Off < -3) || !(off(c, 8) < 10) {
		t.Errorf("c = %v, %v from its prior", c.Value, c.Prior.Off)
	}
	if !slices.ContainsFunc(out.Result.Warnings, func(w string) bool {
		return strings.HasPrefix(w, "c = ") && strings.Contains(w, "from its prior, 9 ± 0.1")
	}) {
		t.Errorf("warnings %q", out.Result.Warnings)
	}
	if !slices.ContainsFunc(out.Page.Settings, func(s report.Setting) bool { return s.Name == "prior of c" }) {
		t.Errorf("the report does not show the prior: %v", out.Page.Settings)
	}
}

// A condition that is set for every entry may be an argument of an unknown: it comes
// back in the formula.
func TestAConditionIsAnArgumentOfAnUnknown(t *testing.T) {
	quick.Skip(t)
	c := trials{system: "rossler", parameter: "a", values: []float64{0.1, 0.15, 0.2, 0.25}, samples: []int{400}, step: 0.1, noise: 0.01, seed: 3}
	p := c.write(t, `
model:
  states: {x: 0, y: 0, z: 0}
  parameters: {p: 0}
  unknowns: {f: {}}
  equations: |
    x' = -y - z
    y' = x + f(y, p)
    z' = 0.2 + z*(x - 5.7)
data:
%s`, func(k int) string { return fmt.Sprintf(", set: {p: %v}", 0.1+0.05*float64(k)) })
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	f := terms(t, out, "f")
	one, ok := f["p*y"]
	if !ok {
		one, ok = f["y*p"]
	}
	if len(f) != 1 || !ok || math.Abs(float64(one.Coefficient)-1) > 0.01 || !strings.Contains(*out.Result.Equations["y"], "p") {
		t.Errorf("f = %s, y' = %s", *out.Result.Unknowns["f"].Expression, *out.Result.Equations["y"])
	}
}

func TestAComparisonRefusesValuesOfEntries(t *testing.T) {
	_, p := differing(t)
	_, err := compare.Run(context.Background(), p, compare.Options{}, govern.Settings{})
	if wrong, ok := errors.AsType[*conclude.EachError](err); !ok || !strings.Contains(wrong.Error(), "leave `each` of c out") {
		t.Errorf("%v", err)
	}
}

// A parameter that is fitted may be known in some entries: there it has the value
// that is set, elsewhere one that is estimated.
func TestAFittedParameterMayBeKnownInAnEntry(t *testing.T) {
	quick.Skip(t)
	c := trials{system: "rossler", parameter: "c", values: []float64{8, 11, 8}, samples: []int{250}, step: 0.1, noise: 0.05, seed: 4}
	p := c.write(t, strings.Replace(rosslerEach, ", each: entry, sd: 50 %%", "", 1), func(k int) string {
		if k == 1 {
			return ", set: {c: 11}"
		}
		return ""
	})
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if e := out.Result.Parameters["c"]; !(off(e, 8) < 2) || out.Result.Status != run.OK {
		t.Errorf("c = %v [%v, %v], true 8; status %s", e.Value, e.Low, e.High, out.Result.Status)
	}
	for column, free := range out.Result.Errors.Free {
		if !(free < 0.1) {
			t.Errorf("free runs leave %s by %v", column, free)
		}
	}
}

// What an unknown can absorb of values of entries is what they share: one of them is
// held, the others are told beside it.
func TestAnUnknownTakesTheLevelOfValuesOfEntries(t *testing.T) {
	quick.Skip(t)
	c := trials{system: "rossler", parameter: "a", values: []float64{0.1, 0.15, 0.2, 0.25}, samples: []int{300}, step: 0.1, noise: 0.02, seed: 6}
	p := c.write(t, `
model:
  states: {x: 0, y: 0, z: 0}
  parameters: {a: {value: 0.3, fit: true, each: entry}}
  unknowns: {f: {}}
  equations: |
    x' = -y - z
    y' = f(x, y) + a*y
    z' = 0.2 + z*(x - 5.7)
data:
%s`, nothing)
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	r := out.Result
	first := r.Parameters["a"].Entries["trial1.csv"]
	if !first.Held || first.Value != 0.3 {
		t.Errorf("the first value is %+v", first)
	}
	f := terms(t, out, "f")
	if len(f) != 2 || math.Abs(float64(f["x"].Coefficient)-1) > 0.01 || math.Abs(float64(f["y"].Coefficient)+0.2) > 0.01 || r.Status != run.OK {
		t.Errorf("f = %s, status %s", *r.Unknowns["f"].Expression, r.Status)
	}
	for k, v := range c.values[1:] {
		if e := r.Parameters["a"].Entries[c.file(k+1)]; !(off(e, v+0.2) < 2) || !(e.High-e.Low < 0.05) {
			t.Errorf("%s: a = %v [%v, %v], true beside the first %v", c.file(k+1), e.Value, e.Low, e.High, v+0.2)
		}
	}
	if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "a of trial1.csv is held at 0.3") }) {
		t.Errorf("warnings %q", r.Warnings)
	}
	got, err := profile.Of(context.Background(), p, r, profile.Options{Parameter: "a of trial2.csv", Points: 16}, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if want := r.Parameters["a"].Entries["trial2.csv"]; math.Abs(got.Low.At-float64(want.Low)) > 0.1*float64(want.High-want.Low) {
		t.Errorf("profile from %v, covariance from %v", got.Low.At, want.Low)
	}
}

// What cannot work is refused before anything is fitted.
func TestASpreadIsRefusedWhereItCannotBeLearned(t *testing.T) {
	_, p := differing(t)
	q := *p
	q.Data = q.Data[:2]
	_, err := govern.Discover(context.Background(), &q, govern.Settings{})
	if few, ok := errors.AsType[*conclude.FewEntriesError](err); !ok || few.Entries != 2 || few.Parameter != "c" {
		t.Errorf("two entries: %v", err)
	}
	q = *p
	q.Fit.Optimiser = fit.LBFGS
	_, err = govern.Discover(context.Background(), &q, govern.Settings{})
	if wrong, ok := errors.AsType[*fit.SpreadError](err); !ok || wrong.Optimiser != fit.LBFGS {
		t.Errorf("gradients: %v", err)
	}
}
