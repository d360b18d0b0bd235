package fit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"govern/expr"
	"govern/model"
	"govern/optim"
	"govern/record"
)

// ramps are records of x' = c, x(0) = 0, each with a slope and a length of its own:
// what they say about c is a normal distribution that can be written down.
type ramps struct {
	slopes  []float64
	samples []int
	sigma   float64
	seed    uint64
}

// read makes the data of a model with states x and parameter c, and returns for every
// entry the estimate of its slope alone and its precision.
func (r ramps) read(t *testing.T, parameters string) (e *Engine, slope, precision []float64) {
	t.Helper()
	m, err := model.Read("test", []byte("states: {x: {value: 0, fixed: true}}\nparameters: "+parameters+"\nequations: |\n  x' = c\n"))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(r.seed, 9))
	var entries []record.Entry
	var names []string
	for k, v := range r.slopes {
		entry := record.Entry{Name: fmt.Sprintf("e%d", k)}
		var values []float64
		xy, xx := 0.0, 0.0
		for i := range r.samples[k] {
			at := 0.1 * float64(i)
			x := v*at + r.sigma*rng.NormFloat64()
			entry.Times, values = append(entry.Times, at), append(values, x)
			xy, xx = xy+at*x, xx+at*at
		}
		entry.Channels = []record.Channel{{Column: "x", Observe: expr.Var("x"), Values: values, Sigma: r.sigma}}
		entries, names = append(entries, entry), append(names, entry.Name)
		slope, precision = append(slope, xy/xx), append(precision, xx/(r.sigma*r.sigma))
	}
	m = m.PerEntry(names, func(string, string) bool { return true })
	d, err := Prepare(m, entries)
	if err != nil {
		t.Fatal(err)
	}
	return &Engine{Data: d, Workers: 2}, slope, precision
}

// fit is a fit of no terms: parameters and states. Defects are a thousand times
// smaller than the default's end, so that records are straight lines.
func (r ramps) fit(t *testing.T, e *Engine) *Fitted {
	t.Helper()
	start := &Fitted{Sigma: e.Data.Sigmas(), Scale: []float64{1}, Substeps: 1}
	for _, c := range fittedColumns(e.Data.Model) {
		start.Parameters = append(start.Parameters, e.Data.Model.Parameters[e.Data.Model.ParameterIndex(c.Name)].Value)
	}
	for _, entry := range e.Data.Entries {
		start.Nodes = append(start.Nodes, make([]float64, len(entry.Times)))
	}
	f, err := e.Trajectory(context.Background(), "fit", start, Schedule{From: 1e-6, To: 1e-6, Noise: true})
	if err != nil {
		t.Fatal(err)
	}
	if f.Status != optim.Converged {
		t.Fatalf("the fit ended with %v", f.Status)
	}
	return f
}

// The posterior of a normal prior and normal data: precisions add, means are
// weighted by them. 1e-5 of a standard deviation: what defects and firm starts leave.
func TestAPriorAndDataAreWeightedByTheirPrecisions(t *testing.T) {
	r := ramps{slopes: []float64{2}, samples: []int{12}, sigma: 1.5, seed: 4}
	for _, sd := range []float64{0.05, 1, 30} {
		e, slope, precision := r.read(t, fmt.Sprintf("{c: {value: 10, fit: true, sd: %g}}", sd))
		f := r.fit(t, e)
		total := precision[0] + 1/(sd*sd)
		want := (slope[0]*precision[0] + 10/(sd*sd)) / total
		if got, width := f.Parameters[0], 1/math.Sqrt(total); math.Abs(got-want) > 1e-5*width {
			t.Errorf("sd %g: %v, the formula says %v ± %.3g (data %v, prior 10)", sd, got, want, width, slope[0])
		}
		if got, want := math.Sqrt(f.Variance(0)), 1/math.Sqrt(total); math.Abs(got-want) > 1e-5*want {
			t.Errorf("sd %g: standard deviation %v, the formula says %v", sd, got, want)
		}
	}
}

// Without a spread every entry speaks for itself, with one they are shrunk to
// their mean as the mixed model's formulas say (Searle, Casella and McCulloch, Variance
// Components, 1992): best linear unbiased predictions at the restricted likelihood's maximum.
func TestValuesOfEntriesAreThoseOfAMixedModel(t *testing.T) {
	r := ramps{slopes: []float64{1, 2.5, 0.5, 3, 2, 1.5, 2.2, 0.2}, samples: []int{40, 40, 8, 8, 12, 30, 5, 20}, sigma: 1, seed: 5}
	e, slope, precision := r.read(t, "{c: {value: 1, fit: true, each: entry}}")
	f := r.fit(t, e)
	for k := range slope {
		sd := 1 / math.Sqrt(precision[k])
		if math.Abs(f.Parameters[k]-slope[k]) > 1e-5*sd || math.Abs(math.Sqrt(f.Variance(k))-sd) > 1e-5*sd {
			t.Errorf("entry %d: %v ± %v, alone it is %v ± %v", k, f.Parameters[k], math.Sqrt(f.Variance(k)), slope[k], sd)
		}
	}
	e, slope, precision = r.read(t, "{c: {value: 1, fit: true, each: entry, spread: true}}")
	f = r.fit(t, e)
	// −2 log restricted likelihood of slopes that are normal with variance τ²+1/precision.
	mean := func(tau float64) (mu, total float64) {
		for k := range slope {
			w := 1 / (tau*tau + 1/precision[k])
			mu, total = mu+w*slope[k], total+w
		}
		return mu / total, total
	}
	loss := func(log float64) float64 {
		tau := math.Exp(log)
		mu, total := mean(tau)
		sum := math.Log(total)
		for k := range slope {
			v := tau*tau + 1/precision[k]
			sum += math.Log(v) + (slope[k]-mu)*(slope[k]-mu)/v
		}
		return sum
	}
	best := optim.ScalarMinimum(loss, -6, 4)
	tau := math.Exp(best)
	if got := f.Spreads[0].Value; math.Abs(got-tau) > 1e-3*tau {
		t.Errorf("spread %v, the restricted likelihood says %v", got, tau)
	}
	for _, end := range []struct{ got, to float64 }{{f.Spreads[0].Low, -6}, {f.Spreads[0].High, 4}} {
		if want := math.Exp(optim.ScalarCrossing(loss, best, end.to, loss(best)+3.841458820694124)); math.Abs(end.got-want) > 1e-2*want {
			t.Errorf("the spread's interval ends at %v, the likelihood's at %v", end.got, want)
		}
	}
	mu, total := mean(f.Spreads[0].Value)
	if got := f.Parameters[0]; math.Abs(got-mu) > 1e-4/math.Sqrt(total) {
		t.Errorf("mean %v, the formula says %v", got, mu)
	}
	for k := range slope {
		drawn := 1 / (f.Spreads[0].Value * f.Spreads[0].Value)
		want := (slope[k]*precision[k] + mu*drawn) / (precision[k] + drawn)
		if got := f.Parameters[1+k]; math.Abs(got-want) > 1e-4 {
			t.Errorf("entry %d: %v, the formula says %v (alone %v, mean %v)", k, got, want, slope[k], mu)
		}
	}
}

// Values that are drawn to their mean are nearer to the truth where records say
// little; where they say much it makes no difference.
func TestASpreadHelpsEntriesWithLittleData(t *testing.T) {
	alone, together := 0.0, 0.0
	spreads := 0.0
	const seeds = 20
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 77))
		r := ramps{sigma: 1, seed: seed}
		for k := range 12 {
			r.slopes, r.samples = append(r.slopes, 5+0.5*rng.NormFloat64()), append(r.samples, []int{40, 12, 9}[k%3])
		}
		for _, text := range []string{"{c: {value: 1, fit: true, each: entry}}", "{c: {value: 1, fit: true, each: entry, spread: true}}"} {
			e, _, _ := r.read(t, text)
			f := r.fit(t, e)
			sum := &alone
			if len(f.Spreads) > 0 {
				sum = &together
				spreads += f.Spreads[0].Value / seeds
			}
			for k, v := range f.Parameters[len(f.Parameters)-12:] {
				if k%3 > 0 {
					*sum += (v - r.slopes[k]) * (v - r.slopes[k])
				}
			}
		}
	}
	t.Logf("rms error of short entries: %.3f alone, %.3f with a spread of %.3f (true 0.5)", math.Sqrt(alone/8/seeds), math.Sqrt(together/8/seeds), spreads)
	if !(together < 0.6*alone) {
		t.Errorf("squared error of short entries: %.3g with a spread, %.3g alone", together, alone)
	}
	if math.Abs(spreads-0.5) > 0.1 {
		t.Errorf("the mean spread of %d experiments is %.3f, true 0.5", seeds, spreads)
	}
}

// eachRossler are records of Rössler's equations with a c of their own.
func eachRossler(t *testing.T, samples int, seed uint64, values []float64, parameter string) (*Engine, *Fitted) {
	t.Helper()
	m, err := model.Read("test", []byte("states: {x: 1, y: 1, z: 0.1}\nparameters: {c: {value: 5, fit: true"+parameter+"}}\nunknowns: {f: {}}\nequations: |\n  x' = -y - z\n  y' = f(x, y)\n  z' = 0.2 + z*(x - c)\n"))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	var entries []record.Entry
	var names []string
	start := &Fitted{Coefficients: []float64{0.99, 0.21}, Scale: []float64{5, 5, 3}, Omega: OmegaEnd}
	for _, s := range []string{"x", "y"} {
		start.Terms = append(start.Terms, Term{Factor: expr.Var(s), Degree: 1})
	}
	for k, c := range values {
		entry := record.Entry{Name: fmt.Sprintf("e%d", k)}
		x := []float64{1 + rng.Float64(), 1, 0.1}
		var nodes []float64
		channels := make([][]float64, 3)
		const small = 100
		for i := range samples {
			entry.Times, nodes = append(entry.Times, 0.1*float64(i)), append(nodes, x...)
			for s := range channels {
				channels[s] = append(channels[s], x[s]+0.1*rng.NormFloat64())
			}
			for range small {
				h := 0.1 / small
				f := func(x []float64) []float64 { return []float64{-x[1] - x[2], x[0] + 0.2*x[1], 0.2 + x[2]*(x[0]-c)} }
				k1 := f(x)
				mid := []float64{x[0] + h/2*k1[0], x[1] + h/2*k1[1], x[2] + h/2*k1[2]}
				k2 := f(mid)
				x = []float64{x[0] + h*k2[0], x[1] + h*k2[1], x[2] + h*k2[2]}
			}
		}
		for s, name := range []string{"x", "y", "z"} {
			entry.Channels = append(entry.Channels, record.Channel{Column: name, Observe: expr.Var(name), Values: channels[s], Sigma: 0.1})
		}
		entries, names = append(entries, entry), append(names, entry.Name)
		start.Nodes = append(start.Nodes, nodes)
	}
	m = m.PerEntry(names, func(string, string) bool { return true })
	d, err := Prepare(m, entries)
	if err != nil {
		t.Fatal(err)
	}
	start.Sigma = d.Sigmas()
	for range fittedColumns(m) {
		start.Parameters = append(start.Parameters, 5)
	}
	return &Engine{Data: d, Workers: 2}, start
}

// Windows and gradients end where Levenberg–Marquardt on the whole does. Tolerances
// as in the tests of either without values of entries.
func TestValuesOfEntriesByWindowsAndByGradients(t *testing.T) {
	for _, c := range []struct {
		options   string
		gradients bool
	}{{", each: entry", true}, {", each: entry, spread: true, sd: 5", false}} {
		e, start := eachRossler(t, 400, 3, []float64{4, 5, 6, 7}, c.options)
		schedule := Schedule{To: OmegaEnd, Noise: true}
		whole, err := e.Trajectory(context.Background(), "whole", start, schedule)
		if err != nil {
			t.Fatal(err)
		}
		ways := map[string]func() (*Fitted, error){"stream": func() (*Fitted, error) { return Stream(e, start, schedule) }}
		if c.gradients {
			ways["gradients"] = func() (*Fitted, error) {
				g := *e
				g.Options.Optimiser = LBFGS
				return g.Trajectory(context.Background(), "gradients", start, schedule)
			}
		} else {
			g := *e
			g.Options.Optimiser = Adam
			_, err := g.Trajectory(context.Background(), "gradients", start, schedule)
			if _, ok := err.(*SpreadError); !ok || !strings.Contains(err.Error(), "leave the optimiser out") {
				t.Errorf("gradients for a spread: %v", err)
			}
		}
		for name, way := range ways {
			f, err := way()
			if err != nil {
				t.Fatal(err)
			}
			a, b := append(whole.Coefficients, whole.Parameters...), append(f.Coefficients, f.Parameters...)
			for i := range a {
				sd := math.Sqrt(whole.Variance(i))
				if !(math.Abs(a[i]-b[i]) < 0.1*sd) || !(math.Abs(math.Sqrt(f.Variance(i))-sd) < 0.02*sd) {
					t.Errorf("%s%s: column %d is %v ± %.3g, of the whole %v ± %.3g", name, c.options, i, b[i], math.Sqrt(f.Variance(i)), a[i], sd)
				}
			}
			for k := range whole.Spreads {
				if a, b := whole.Spreads[k].Value, f.Spreads[k].Value; math.Abs(a-b) > 0.01*a {
					t.Errorf("%s: spread %v, of the whole %v", name, b, a)
				}
			}
		}
		for k, want := range []float64{4, 5, 6, 7} {
			at := len(whole.Parameters) - 4 + k
			if sd := math.Sqrt(whole.Variance(2 + at)); math.Abs(whole.Parameters[at]-want) > 4*sd || sd > 0.1 {
				t.Errorf("entry %d: %v ± %v, true %v", k, whole.Parameters[at], sd, want)
			}
		}
		e.Workers = 1
		alone, err := e.Trajectory(context.Background(), "whole", start, schedule)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(alone, whole) {
			t.Error("one worker and two give different bits")
		}
	}
}

// A value of its own in each of 20 entries must not cost twenty columns. "indicators"
// is the way that would: c = Σ c_k·(1 in entry k).
func BenchmarkValuesOf20Entries(b *testing.B) {
	var t testing.T
	values := make([]float64, 20)
	for k := range values {
		values[k] = 4 + 0.1*float64(k)
	}
	for _, kind := range []string{"shared", "each", "indicators"} {
		option := ""
		if kind == "each" {
			option = ", each: entry"
		}
		e, start := eachRossler(&t, 100, 1, values, option)
		start.Substeps = 1
		if kind == "indicators" {
			m := *e.Data.Model
			m.Parameters = nil
			sum := "0"
			for k := range values {
				m.Parameters = append(m.Parameters, model.Parameter{Name: fmt.Sprintf("c%d", k), Value: 5, Fit: true, Min: math.Inf(-1), Max: math.Inf(1)}, model.Parameter{Name: fmt.Sprintf("i%d", k)})
				sum += fmt.Sprintf(" + c%d*i%d", k, k)
			}
			c, _ := expr.Parse(sum)
			m.Equations = append([]model.Equation(nil), m.Equations...)
			m.Equations[2].Right = expr.Substitute(m.Equations[2].Right, map[string]*expr.Expr{"c": c})
			entries := append([]record.Entry(nil), e.Data.Entries...)
			for k := range entries {
				entries[k].Set = map[string]float64{}
				for j := range values {
					entries[k].Set[fmt.Sprintf("i%d", j)] = 0
				}
				entries[k].Set[fmt.Sprintf("i%d", k)] = 1
			}
			d, err := Prepare(&m, entries)
			if err != nil {
				b.Fatal(err)
			}
			e.Data = d
			start.Parameters = make([]float64, 20)
		}
		e.Workers = 1
		st, err := e.libraryStage(start.Terms, start, nil)
		if err != nil {
			b.Fatal(err)
		}
		p := st.point()
		for c := range p.Nodes {
			copy(p.Nodes[c], start.Nodes[c])
		}
		copy(p.Border, start.Coefficients)
		copy(p.Border[2:], start.Parameters)
		var l optim.Linear
		var f optim.Factor
		b.Run(kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				st.Linearise(p, &l)
				f.Eliminate(&l, optim.Damping{})
			}
		})
	}
}

// Six values that are drawn from one distribution, each known as badly as the
// distribution is wide: intervals hold the truth as often as they promise, though the
// spread itself is hardly known.
func TestIntervalsOfDrawnValuesHold(t *testing.T) {
	inside, means, all := 0, 0, 0
	const seeds = 200
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 78))
		r := ramps{sigma: 1, seed: seed}
		for range 6 {
			r.slopes, r.samples = append(r.slopes, 5+0.5*rng.NormFloat64()), append(r.samples, 12)
		}
		e, _, _ := r.read(t, "{c: {value: 1, fit: true, each: entry, spread: true}}")
		f := r.fit(t, e)
		holds := func(k int, truth float64) int {
			if math.Abs(f.Parameters[k]-truth) < 1.96*math.Sqrt(f.Variance(k)) {
				return 1
			}
			return 0
		}
		means += holds(0, 5)
		for k, v := range r.slopes {
			inside += holds(1+k, v)
			all++
		}
	}
	share, mean := float64(inside)/float64(all), float64(means)/seeds
	t.Logf("%.1f %% of the values, %.1f %% of the means", 100*share, 100*mean)
	if share < 0.9 || share > 0.98 || mean < 0.9 {
		t.Errorf("intervals hold %.1f %% of the values and %.1f %% of the means", 100*share, 100*mean)
	}
}
