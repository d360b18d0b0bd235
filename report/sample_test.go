package report

import (
	"math"

	"govern/expr"
)

func must(src string) *expr.Expr {
	e, err := expr.Parse(src)
	if err != nil {
		panic(err)
	}
	return e
}

// rossler integrates the Rössler equations (a = 0.2, b = 0.22) by RK4.
func rossler(c float64, start [3]float64, n int, dt float64) (time []float64, states [3][]float64) {
	f := func(u [3]float64) [3]float64 {
		return [3]float64{-u[1] - u[2], u[0] + 0.2*u[1], 0.22 + u[2]*(u[0]-c)}
	}
	step := func(u, k [3]float64, h float64) [3]float64 {
		return [3]float64{u[0] + h*k[0], u[1] + h*k[1], u[2] + h*k[2]}
	}
	u := start
	for i := range n {
		time = append(time, float64(i)*dt)
		for k := range u {
			states[k] = append(states[k], u[k])
		}
		for range 4 {
			h := dt / 4
			k1 := f(u)
			k2 := f(step(u, k1, h/2))
			k3 := f(step(u, k2, h/2))
			k4 := f(step(u, k3, h))
			for k := range u {
				u[k] += h / 6 * (k1[k] + 2*k2[k] + 2*k3[k] + k4[k])
			}
		}
	}
	return time, states
}

// rough adds a fixed pseudo-random sequence of the given standard deviation.
func rough(v []float64, sigma float64) []float64 {
	out := make([]float64, len(v))
	s := uint64(1)
	for i := range v {
		sum := 0.0
		for range 12 {
			s = s*6364136223846793005 + 1442695040888963407
			sum += float64(s>>11) / (1 << 53)
		}
		out[i] = v[i] + sigma*(sum-6)
	}
	return out
}

func samplePage() *Page {
	nan := math.NaN()
	time, truth := rossler(14, [3]float64{-5, -8, 0.1}, 1600, 0.05)
	_, model := rossler(14.001, [3]float64{-5.01, -8, 0.1}, 1600, 0.05)
	_, long := rossler(14, [3]float64{1, 2, 0.1}, 6000, 0.05)
	_, other := rossler(14.001, [3]float64{4, 1, 0.1}, 6000, 0.05)
	gap := rough(truth[0], 0.3)
	for i := 300; i < 340; i++ {
		gap[i] = nan
	}
	p := &Page{
		Title: "rossler", Subtitle: "train.csv, test.csv · seed 1 · govern 0.1.0", Status: "ambiguous",
		Advice:   "Two formulas fit. Record y, or a run from another start, to tell them apart.",
		TimeUnit: "ms",
		Equations: []Equation{
			{"x", must("-y - z"), false},
			{"y1", must("0.9999816*x + 0.1998123*y - 1.25e-7*sin(omega_0*t)*x^2"), true},
			{"z", must("0.22 + z*(x - 14.001)"), false},
			{"rate", must("-rate/tau_m + sqrt(abs(x))*logistic((x - theta)/k)^2 + if(x < 0, 1, exp(-x))/(1 + x^2) + 2*3^x"), false},
			{"w", nil, true},
		},
		Unknowns: []Unknown{
			{"f", []string{"x", "y"}, must("0.9999816*x + 0.1998123*y"), []Term{{must("x"), 0.9999816, 0.9998012, 1.000162}, {must("y"), 0.1998123, 0.19871, 0.20091}}, ""},
			{"g", []string{"V"}, nil, nil, "hidden [6], tanh"},
		},
		Parameters: []Estimate{{"c", "", 14.0012, 13.9721, 14.0303}, {"tau_m", "ms", 0.000123, nan, nan}},
		Ties: []Tie{{[]Formula{{"f", []string{"x", "y"}, must("0.998*x + 0.2*y + 0.0004*x*y")}}, 1.3},
			{[]Formula{{"f", []string{"x", "y"}, must("0.998*x + 0.2*y - 0.0004*y^2")}}, 4.71}},
		Channels: []Channel{
			{"x", "mV", must("x"), 7.71, 0.301, 0.31, "estimated with the fit", 0.011, 0.013}, {"y", "mV", must("y"), 7.2, 0.0101, nan, "as the problem gives it", 0.009, 0.021},
			{"z", "", must("0.5*(y + z)"), 5.11, 0.0099, 0.01, "", 0.2, nan}},
		Dynamics: &Dynamics{Lyapunov: []float64{0.1113, 0.00002, -13.81}, ValidTime: 5.21, Starts: 12, AttractorDistance: 0.061, AttractorFloor: 0.041,
			SpectrumDistance: 0.21, SpectrumFloor: 0.055, PeriodModel: 6.0712, PeriodData: 6.0688},
		Warnings: []string{"channel z: 7 samples a cycle; 8 to 10 are needed for a reliable fit", "parameter b is not used"},
		Settings: []Setting{{"seed", "1"}, {"discover.roads", "both"}, {"fit.segment", "1"}},
		Series: []Series{{Entry: "train.csv", Time: time, Channels: []Track{
			{Name: "x", Unit: "mV", Data: gap, Free: model[0]},
			{Name: "y", Unit: "mV", Data: rough(truth[1], 0.01), Free: model[1], Nudged: truth[1]},
			{Name: "z", Data: truth[2], Free: model[2]}}, Marks: []Mark{{At: 46, Label: "valid time"}}},
			{Entry: "test.csv", Time: time[:100], Channels: []Track{{Name: "x", Unit: "mV", Data: rough(truth[0][:100], 0.5), Free: model[0][:100]}}}},
		Portraits: []Portrait{
			{Axes: []Axis{{"x", "mV", long[0], other[0]}, {"y", "mV", long[1], other[1]}}},
			{Axes: []Axis{{"x", "mV", long[0], other[0]}, {"y", "mV", long[1], other[1]}, {"z", "", long[2], other[2]}}}},
		FreeRuns: []Series{{Entry: "test.csv", Time: time[:200], Channels: []Track{{Name: "x", Unit: "mV", Data: gap[:200], Free: model[0][:200]}}, Marks: []Mark{{At: 6, Label: "valid until here"}}}},
		CloseUps: []Series{{Entry: "train.csv", Time: time[:300], Channels: []Track{{Name: "x", Unit: "mV", Data: gap[:300], Free: model[0][:300], Nudged: truth[0][:300]}}}},
		Supplied: &Supplied{States: []Help{{"x", "mV", 7.1, 0.0071}, {"z", "", 3, 0.3}}},
	}
	for i, stage := range []string{"degree-1/full/first", "degree-1/full/first", "degree-1/full/first", "degree-1/grown/first", "degree-1/grown/first", "final/refit", "final/refit"} {
		p.History = append(p.History, Iteration{Stage: stage, Loss: math.Pow(10, float64(6-i)), Omega: math.Pow(10, -float64(i)/2), Segment: 1, Noise: []float64{0.1 / float64(i+1), 0.01}})
	}
	curve := Slice{Unknown: "f", Argument: "x", Unit: "mV", Held: []Held{{"y", -0.31}}}
	for i := range 41 {
		x := -10 + 0.5*float64(i)
		curve.At, curve.Value = append(curve.At, x), append(curve.Value, 0.2*x*x)
		curve.Low, curve.High = append(curve.Low, 0.2*x*x-0.5), append(curve.High, 0.2*x*x+0.5)
		curve.Density = append(curve.Density, math.Exp(-x*x/8))
		curve.Network = append(curve.Network, 0.21*x*x)
		curve.SampleAt, curve.Sample = append(curve.SampleAt, x/2), append(curve.Sample, 0.05*x*x+0.3)
	}
	other2 := curve
	other2.Argument, other2.Held = "y", []Held{{"x", 1.25}}
	p.Slices = []Slice{curve, other2}
	var frequency, power, level []float64
	for i := range 200 {
		f := 0.05 * float64(i+1)
		frequency, power, level = append(frequency, f), append(power, 1/(1+f*f*f*f)+1e-4), append(level, 1/(1+f*f*f*f))
	}
	p.Spectra = []Spectrum{{"x", "mV", frequency, power, level}}
	white := rough(make([]float64, 2000), 1)
	p.Innovations = []Innovation{{Column: "x", Unit: "mV", Values: white, Autocorrelation: []float64{1, 0.01, -0.02, 0.03, 0}, Step: 0.05}}
	return p
}
