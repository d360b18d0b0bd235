//go:build slow

package govern_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"govern"
	"govern/compare"
	"govern/internal/golden"
	"govern/internal/truth"
	"govern/model"
	"govern/ode"
	"govern/series"
)

// cleanError is the rms error over all states, hidden ones included, of free
// runs over the horizon from ten exact states of a separate clean run, in
// standard deviations; the median of the starts, +Inf where the model escapes.
func cleanError(t *testing.T, truth0, learned *model.Model, horizon float64) float64 {
	t.Helper()
	times, states, err := truth.Case{Model: truth0, Step: 0.05, Samples: 3001, Seed: 999, Transient: 300}.Trajectory()
	if err != nil {
		t.Fatal(err)
	}
	if learned == nil {
		return math.Inf(1)
	}
	sys, err := ode.NewSystem(learned)
	if err != nil {
		t.Fatal(err)
	}
	var all []float64
	for k := range 10 {
		from := k * 200
		to := from + int(horizon/0.05) + 1
		x0 := make([]float64, len(states))
		for i := range x0 {
			x0[i] = states[i][from]
		}
		sol, err := ode.Solve(context.Background(), sys, x0, times[from:to], ode.Options{MaxSteps: 20_000})
		sum, count := 0.0, 0.0
		if err != nil || len(sol.Time) < to-from {
			sum = math.Inf(1)
		} else {
			for i := range states {
				std := series.Std(states[i])
				for j := range sol.Time {
					e := (sol.Values[i][j] - states[i][from+j]) / std
					sum += e * e
					count++
				}
			}
		}
		if sum = math.Sqrt(sum / max(count, 1)); math.IsNaN(sum) {
			sum = math.Inf(1)
		}
		all = append(all, sum)
	}
	slices.Sort(all)
	return (all[4] + all[5]) / 2
}

// On Rössler with y hidden and no noise: the best warm method forecasts at least
// twenty times better than plain training from nothing, and with the gain segments
// of two Lyapunov times succeed from a cold start where without it they fail. With
// -rewrite it writes docs/compare.md.
func TestTheGainTrainsLongSegmentsFromNothing(t *testing.T) {
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	p := write(t, truth.Case{Model: m, Step: 0.1, Samples: 2000, Seed: 1, Transient: 200, Noise: map[string]float64{"x": 0, "z": 0}}, hiddenRossler)
	options := compare.Options{Seeds: 5, Degree: 3, Budget: 150}
	if os.Getenv("GOVERN_COMPARE") == "both" {
		options.Forms = []compare.Form{compare.LibraryForm, compare.NeuralForm}
	}
	c, err := compare.Run(context.Background(), p, options, govern.Settings{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	errors, successes := map[string]float64{}, map[string]int{}
	var table strings.Builder
	fmt.Fprintln(&table, "| form | method | trained | error of each seed | median | successes | steps tried |\n|---|---|---|---|---|---|---|")
	for _, method := range c.Methods {
		trained := "free"
		if method.Gain > 0 {
			trained = "nudged, then free"
		}
		var each []string
		var all []float64
		tried := 0
		for _, trial := range method.Trials {
			e := cleanError(t, m, trial.Model, c.Horizon)
			all = append(all, e)
			each = append(each, level(e))
			if trial.Gain > 0 {
				each[len(each)-1] += fmt.Sprintf(" (K %.2g)", trial.Gain)
			}
			tried += trial.Points[len(trial.Points)-1].Tried
			if e < compare.SuccessLevel {
				successes[string(method.Form)+method.Name]++
			}
		}
		slices.Sort(all)
		key := string(method.Form) + method.Name
		errors[key] = all[len(all)/2]
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %d of %d | %d |\n", method.Form, method.Name, trained, strings.Join(each, ", "), level(errors[key]), successes[key], len(all), tried)
		t.Logf("%s %s: held-out %.3g, clean %v", method.Form, method.Name, method.Median(), each)
	}
	warm := math.Inf(1)
	for _, name := range []string{"plain, warm", "shooting, warm", "prediction error, warm", "both, warm"} {
		warm = min(warm, errors["library"+name])
	}
	if plain := errors["libraryplain, cold"]; !(warm*20 <= plain) {
		t.Errorf("best warm method %g, plain training from nothing %g", warm, plain)
	}
	if with, without := successes["libraryboth, cold"], successes["libraryshooting, cold"]; with != 5 || without != 0 {
		t.Errorf("from a cold start segments of two Lyapunov times succeed %d times with gain, %d without", with, without)
	}
	for _, name := range []string{"shooting, warm", "both, warm"} {
		if n := successes["library"+name]; n != 5 {
			t.Errorf("%s succeeds %d times of 5", name, n)
		}
	}
	t.Logf("\n%s", table.String())
	if golden.Rewriting() {
		if err := os.WriteFile("docs/compare.md", []byte(fmt.Sprintf(compareHead, c.Horizon, compare.SuccessLevel, c.Segment, c.Gains[0], c.Budget, 1, options.Seeds)+table.String()+compareTail), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The same two methods on other systems and with noise, so that nothing is tuned
// to Rössler without noise. With -rewrite it puts its table into docs/compare.md.
func TestTheGainTrainsLongSegmentsOfOtherSystems(t *testing.T) {
	var table strings.Builder
	without, all := 0, 0
	fmt.Fprintln(&table, "| system | noise | shooting, cold: errors | successes | both, cold: errors | successes |\n|---|---|---|---|---|---|")
	for _, k := range []struct {
		name, system, learn string
		step                float64
		observed            [2]string
		degree              int
		noise               []float64
	}{
		{"Rössler, y hidden, y' unknown", "rossler-14", truth.RosslerY, 0.1, [2]string{"x", "z"}, 3, []float64{0.01, 0.05}},
		{"Lorenz, z hidden, z' unknown", "lorenz", truth.LorenzZ, 0.02, [2]string{"x", "y"}, 2, []float64{0, 0.01, 0.05}},
		{"Petržela–Polák, x hidden, y' unknown", "petrzela-polak", truth.PetrzelaY, 0.1, [2]string{"y", "z"}, 3, []float64{0, 0.01, 0.05}},
	} {
		m, err := model.Lookup(k.system)
		if err != nil {
			t.Fatal(err)
		}
		for _, noise := range k.noise {
			p := write(t, truth.Case{Model: m, Step: k.step, Samples: 2000, Seed: 1, Transient: 200, Noise: map[string]float64{k.observed[0]: noise, k.observed[1]: noise}},
				"model:"+k.learn+"data: {file: data.csv, time: t}\n")
			c, err := compare.Run(context.Background(), p, compare.Options{Seeds: 3, Degree: k.degree, Only: []string{"shooting, cold", "both, cold"}}, govern.Settings{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			row := fmt.Sprintf("| %s | %g %% |", k.name, 100*noise)
			for _, method := range c.Methods {
				var each []string
				won := 0
				for _, trial := range method.Trials {
					e := cleanError(t, m, trial.Model, c.Horizon)
					each = append(each, level(e))
					if e < compare.SuccessLevel {
						won++
					}
				}
				row += fmt.Sprintf(" %s | %d of %d |", strings.Join(each, ", "), won, len(each))
				if method.Gain > 0 && won != len(each) {
					t.Errorf("%s at %g %% noise: %s succeeds %d times of %d", k.name, 100*noise, method.Name, won, len(each))
				}
				if method.Gain == 0 {
					without += won
				}
				all += len(each)
			}
			t.Log(row)
			fmt.Fprintln(&table, row)
		}
	}
	if all /= 2; without > all/4 {
		t.Errorf("segments of two Lyapunov times from a cold start succeed without gain %d times of %d", without, all)
	}
	if golden.Rewriting() {
		text, err := os.ReadFile("docs/compare.md")
		if err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(string(text), otherSystems)
		if err := os.WriteFile("docs/compare.md", []byte(before+otherSystems+table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func level(e float64) string {
	if math.IsInf(e, 1) {
		return "escapes"
	}
	return fmt.Sprintf("%.2g", e)
}

const compareHead = `# Comparison of training methods

Printed by ` + "`go test -tags slow -run FromNothing -v .`" + ` and written by the same with ` + "`-rewrite`" + `. Rössler (0.2, 0.22, 14), x and z
observed without noise, 2000 samples at 0.1, y hidden, y' = f(x, y) unknown. *Error*: free-running from ten exact states of a separate clean run
over one Lyapunov time (%.3g time units), rms over all three states, the hidden one included, in standard deviations, median over the starts.
No help of any kind is in it. A success ends below %g. Segments of two Lyapunov times are %d samples; the gain begins at %.3g and ends at zero
(or where the fit would lose the data: then K is what was left). Every trial has %d Levenberg–Marquardt steps; converged stages leave the rest of
theirs, so fewer are tried. Seeds %d to %d.

`

const compareTail = `
What was found on the way:

- A strong gain is what a cold start needs. Of 60 cold starts (three systems, noise 0, 1, 2 and 5 %, five seeds) K = 8/t_c (t_c: half the mean time
  between turning points) and 16/t_c found the truth in 60 when this was chosen, 4/t_c in 58, no gain in none; K = 0.8/t_c, near the smallest gain that makes the conditional exponent −λ1, depends on the seed. Under a strong
  gain the innovations are the errors of the equations, filtered over 1/K, and close to linear in the coefficients.
- The gain must be lowered in half decades. From a strong gain straight to 0.3, 0.1 and 0 of it Lorenz with 5 % noise lost the data.
- Loosening the noise floor at the start (σ from 0.003 to 0.3 standard deviations) changed no count: not the stiffness of noise-free
  observations was the obstacle.
- Random coefficients of a thousandth of their natural size are worse than of a tenth: where a hidden state is near zero and the coefficients of
  its terms too, their columns are nearly zero, and the first steps make them enormous. Refusing steps of little gain, or starting damped, did not
  help there.
- Each stage of the solver begins undamped and spends steps on finding its damping: with the defect weight falling by decades instead of half
  decades, and so with more steps a stage, 100 steps were enough for four of five seeds instead of none, 150 for all or all but one.
- What ends in a wrong valley under the strong gain loses the data as soon as the gain is lowered. What is left of the budget then goes to another
  draw, and every seed came through; half of the annealing belongs to its first stage, where a cold start has the longest way to go.
- A cold start whose segments escape is halved until they do not.
- Warm shooting failed (one of four seeds came through) where the seed moved each coefficient of the regression by a tenth: for segments of two
  Lyapunov times this is another basin; with gain all four came through. Moved by a hundredth, as here, all do.
- One segment with gain often loses the data on the way to K = 0; the trial then keeps the fit before.
`

const otherSystems = `
## Other systems, and noise

Printed by ` + "`go test -tags slow -run OtherSystems -v .`" + `, written with ` + "`-rewrite`" + `: 2000 samples, 1600 of them for training, random cold
starts (seeds 1 to 3), segments of two Lyapunov times without and with gain; errors as above. Steps: 0.1, 0.02 and 0.1 time units.

`
