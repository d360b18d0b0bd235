package gauge

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/record"
)

func symmetriesOf(t *testing.T, text string, observe ...string) []Symmetry {
	t.Helper()
	return Find(dataOf(t, text, observe...))
}

// dataOf prepares a model with channels named by what they measure.
func dataOf(t testing.TB, text string, observe ...string) *fit.Data {
	t.Helper()
	m, err := model.Read("model", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	e := record.Entry{Name: "e"}
	for i := range 200 {
		e.Times = append(e.Times, 0.1*float64(i))
	}
	for k, o := range observe {
		right, err := expr.Parse(o)
		if err != nil {
			t.Fatal(err)
		}
		c := record.Channel{Column: o, Observe: right}
		for i := range e.Times {
			c.Values = append(c.Values, math.Sin(0.3*float64(i)+float64(k)))
		}
		e.Channels = append(e.Channels, c)
	}
	d, err := fit.Prepare(m, []record.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSymmetriesAreNamed(t *testing.T) {
	for _, c := range []struct {
		name, model string
		observe     []string
		want        []string
	}{
		{"a product of parameters", `
states: {x: 1, y: 0}
parameters: {a: {value: 2, fit: true}, b: {value: 3, fit: true}, c: {value: 1, fit: true}}
equations: |
  x' = y
  y' = -a*b*x - c*y
`, []string{"x"}, []string{"no data can tell: multiplying a by a factor and dividing b by it changes no channel; determined are only a·b"}},
		{"nothing", `
states: {x: 1, y: 0}
parameters: {a: {value: 2, fit: true}, c: {value: 1, fit: true}}
equations: |
  x' = y
  y' = -a*x - c*y
`, []string{"x"}, nil},
		{"the impedance scale of a circuit", `
states: {v1: 0, v2: 0, i: 0}
parameters:
  R: {value: 1, fit: true}
  C1: {value: 1, fit: true}
  C2: {value: 1, fit: true}
  L: {value: 1, fit: true}
  R0: {value: 1, fit: true}
unknowns: {g: {}}
equations: |
  v1' = ((v2 - v1)/R - g(v1))/C1
  v2' = ((v1 - v2)/R + i)/C2
  i' = -(v2 + R0*i)/L
`, []string{"v1", "v2"}, []string{"no data can tell: multiplying R, L and R0 by a factor and dividing C1, C2, i and g by it changes no channel; determined are only R·C1, R·C2, L/R, R0/R"}},
		{"the offset of a hidden state", `
states: {v1: 0, v2: 0, j: 0}
parameters: {a: {value: 1, fit: true}, b: {value: 1, fit: true}, c: {value: 1, fit: true}, d: {value: 1, fit: true}, k: {value: 0, fit: true}, e: {value: 0, fit: true}}
unknowns: {g: {}}
equations: |
  v1' = a*v2 - g(v1)
  v2' = b*(v1 - v2) + j + k
  j' = -c*v2 - d*j + e
`, []string{"v1", "v2"}, []string{"no data can tell: adding 1 to j, subtracting 1 from k and adding d to e (in proportion) changes no channel"}},
		{"the scale of a hidden state under an unknown", `
states: {v: 0, w: 0}
parameters: {k: {value: 1, fit: true}}
unknowns: {f: {}}
equations: |
  v' = v - v^3/3 - k*w
  w' = f(v, w)
`, []string{"v"}, []string{"no data can tell: multiplying k by a factor and dividing w and f by it changes no channel"}},
		{"a hidden state that known equations pin", `
states: {x: 0, y: 0, z: 0}
unknowns: {f: {}}
equations: |
  x' = -y - z
  y' = f(x, y)
  z' = 0.2 + z*(x - 5.7)
`, []string{"x", "z"}, nil},
	} {
		got := symmetriesOf(t, c.model, c.observe...)
		same := len(got) == len(c.want)
		for i := range c.want {
			same = same && i < len(got) && got[i].String() == c.want[i]
		}
		if !same {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Three conditions tell a constant from a slope; one condition does not.
func TestSymmetriesHoldInEveryEntry(t *testing.T) {
	m, err := model.Read("model", []byte("states: {x: 1}\nparameters: {d: 1}\nunknowns: {f: {}, g: {}}\nequations: |\n  x' = f(x) + g(d)*cos(t)\n"))
	if err != nil {
		t.Fatal(err)
	}
	var entries []record.Entry
	for k, d := range []float64{8, 10, 12} {
		e := record.Entry{Name: string(rune('a' + k)), Set: map[string]float64{"d": d}}
		c := record.Channel{Column: "x", Observe: expr.Var("x")}
		for i := range 200 {
			e.Times = append(e.Times, 0.1*float64(i))
			c.Values = append(c.Values, math.Sin(0.3*float64(i)+d))
		}
		e.Channels = []record.Channel{c}
		entries = append(entries, e)
	}
	for n, want := range map[int]bool{1: true, 3: false} {
		data, err := fit.Prepare(m, entries[:n])
		if err != nil {
			t.Fatal(err)
		}
		gauges := Find(data)
		if (len(gauges) > 0) != want {
			t.Errorf("%d conditions: %v", n, gauges)
		}
		for _, g := range gauges {
			if g.Change == "" {
				t.Errorf("%d conditions: a change without words", n)
			}
		}
	}
}

func TestAnOffsetThatTwoShareIsSaidOnce(t *testing.T) {
	g := symmetriesOf(t, `
states: {x: 1, q: 0}
parameters: {d: {value: 0.1, fit: true}, c: {value: 0.3, fit: true}}
equations: |
  x' = d - q
  q' = c*x
`, "x")
	if len(g) != 1 || g[0].Change != "adding one amount to q and d" {
		t.Errorf("%v", g)
	}
}

func TestAStateThatDrivesNothingIsDisconnected(t *testing.T) {
	m, err := model.Read("model", []byte("states: {x: 1, y: 0, q: 0}\nunknowns: {f: {}}\nequations: |\n  x' = f(y)\n  y' = -x\n  q' = x - q\n"))
	if err != nil {
		t.Fatal(err)
	}
	e := record.Entry{Name: "e", Channels: []record.Channel{{Column: "x", Observe: expr.Var("x")}}}
	for i := range 200 {
		e.Times = append(e.Times, 0.1*float64(i))
		e.Channels[0].Values = append(e.Channels[0].Values, math.Sin(0.3*float64(i)))
	}
	d, err := fit.Prepare(m, []record.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	if got := Disconnected(d); len(got) != 1 || got[0] != "q" {
		t.Errorf("%v, want q", got)
	}
}

// A prior of one factor of a product tells both; without it nothing does, and it is
// said that it is the prior that does.
func TestAPriorBreaksASymmetry(t *testing.T) {
	for _, c := range []struct {
		parameters      string
		gauges, decided int
		hold            string
	}{
		{"{a: {value: 2, fit: true}, b: {value: 3, fit: true}}", 1, 0, "a"},
		{"{a: {value: 2, fit: true}, b: {value: 3, fit: true, sd: 0.1}}", 0, 1, ""},
		{"{a: {value: 2, fit: true, each: entry}, b: {value: 3, fit: true}}", 1, 0, "b"},
		{"{a: {value: 2, fit: true, each: entry, sd: 1}, b: {value: 3, fit: true}}", 0, 1, ""},
	} {
		m, err := model.Read("test", []byte("states: {x: 1}\nparameters: "+c.parameters+"\nequations: |\n  x' = -a*b*x\n"))
		if err != nil {
			t.Fatal(err)
		}
		var entry record.Entry
		var values []float64
		for i := range 30 {
			entry.Times, values = append(entry.Times, 0.1*float64(i)), append(values, math.Exp(-0.6*float64(i)))
		}
		entry.Name, entry.Channels = "e", []record.Channel{{Column: "x", Observe: expr.Var("x"), Values: values}}
		for _, n := range []*model.Model{m, m.PerEntry([]string{"e"}, func(string, string) bool { return true })} {
			d, err := fit.Prepare(n, []record.Entry{entry})
			if err != nil {
				t.Fatal(err)
			}
			got := Find(d)
			if len(got) != c.gauges || len(got) > 0 && got[0].Hold != c.hold {
				t.Errorf("%s: gauges %v", c.parameters, got)
			}
			decided := DecidedByPriors(d)
			if n == m && len(decided) != c.decided || len(decided) > 0 && !strings.Contains(decided[0].String(), "a") {
				t.Errorf("%s: priors decide %v", c.parameters, decided)
			}
		}
	}
}

// What only an unknown sees, and an unknown can take over, is refused by name.
func TestAStateWithAFreedomIsNamed(t *testing.T) {
	d := dataOf(t, `
states: {x: 1, y: 0}
unknowns: {f: {}, g: {}}
equations: |
  x' = f(x, y)
  y' = g(x, y)
`, "x")
	var unobserved *fit.UnobservedError
	if err := CheckStates(d, []string{"y"}); !errors.As(err, &unobserved) || unobserved.State != "y" || unobserved.Why == "" {
		t.Errorf("%v, want y named with its freedom", err)
	}
	if err := CheckStates(d, []string{"x"}); err != nil {
		t.Errorf("x has a channel: %v", err)
	}
}

// Hodgkin and Huxley's membrane has many equations: what must be counted is points, not rows.
func TestAMembraneHasNoSymmetry(t *testing.T) {
	const membrane = `
states: {V: -65, m: 0.05, h: 0.6, n: 0.32}
parameters: {gNa: {value: 80, fit: true}, gK: {value: 50, fit: true}, gL: {value: 0.6, fit: true}}
equations: |
  V' = 10 - gNa*m^3*h*(V - 50) - gK*n^4*(V + 77) - gL*(V + 54.4)
  m' = 0.1*(V + 40)/(1 - exp(-(V + 40)/10))*(1 - m) - 4*exp(-(V + 65)/18)*m
  h' = 0.07*exp(-(V + 65)/20)*(1 - h) - h/(1 + exp(-(V + 35)/10))
  n' = 0.01*(V + 55)/(1 - exp(-(V + 55)/10))*(1 - n) - 0.125*exp(-(V + 65)/80)*n
`
	if got := symmetriesOf(t, membrane, "V"); len(got) > 0 {
		t.Errorf("%v", got)
	}
}

// A known dose gives the volume its scale; one that is estimated does not.
func TestAKnownStartIsNotScaled(t *testing.T) {
	const oral = `
states: {G: %s, C: {value: 0, fixed: true}}
parameters: {ka: {value: 1, fit: true}, ke: {value: 0.3, fit: true}, V: {value: 10, fit: true}}
equations: |
  G' = -ka*G
  C' = ka*G/V - ke*C
`
	if got := symmetriesOf(t, fmt.Sprintf(oral, "{value: 100, fixed: true}"), "C"); len(got) > 0 {
		t.Errorf("known dose: %v", got)
	}
	if got := symmetriesOf(t, fmt.Sprintf(oral, "100"), "C"); len(got) != 1 || got[0].Hold != "V" {
		t.Errorf("estimated dose: %v", got)
	}
	// A start at zero is left where it is by any scaling.
	if got := symmetriesOf(t, "states: {x: 1, y: {value: 0, fixed: true}}\nparameters: {a: {value: 1, fit: true}, b: {value: 1, fit: true}}\nequations: |\n  x' = -a*x\n  y' = b*x - y\n", "y"); len(got) != 1 {
		t.Errorf("start at zero: %v", got)
	}
}

// Both branches of a condition occur in the data, and where it switches is no freedom
// though every derivative by it is zero.
func TestConditionsAreSeenInTheTimesOfTheData(t *testing.T) {
	const epidemic = `
states: {S: 990, I: 10}
parameters: {b1: {value: 0.4, fit: true}, b2: {value: 0.2, fit: true}, g: {value: 0.1, fit: true}, when: {value: 12, fit: true}}
equations: |
  b = if(t < when, b1, b2)
  S' = -b*S*I/1000
  I' = b*S*I/1000 - g*I
`
	if got := symmetriesOf(t, epidemic, "I"); len(got) > 0 {
		t.Errorf("%v", got)
	}
	// The data end at 19.9: a branch that comes later is not determined.
	if got := symmetriesOf(t, strings.Replace(epidemic, "value: 12, fit: true", "value: 30", 1), "I"); len(got) != 1 || got[0].Hold != "b2" {
		t.Errorf("a branch that does not occur: %v", got)
	}
}

// Friction keeps its sign under a scaling of the velocity, and of nothing else.
func TestASignLeavesScalings(t *testing.T) {
	const slider = "states: {x: 0, v: 1}\nparameters: {mu: {value: 1, fit: true}, k: {value: 2, fit: true}, c: {value: 3, fit: true}}\nequations: |\n  x' = v\n  v' = -mu*sign(v) - k*x\n"
	if got := symmetriesOf(t, slider, "c*x"); len(got) != 1 || !strings.Contains(got[0].Change, "mu") {
		t.Errorf("%v", got)
	}
	if got := symmetriesOf(t, strings.Replace(slider, "sign(v)", "sign(v - 1)", 1), "c*x"); len(got) > 0 {
		t.Errorf("an offset in the sign: %v", got)
	}
}

func TestManyColumnsEndSoon(t *testing.T) {
	text, observe := wide(12)
	if got := symmetriesOf(t, text, observe...); len(got) > 0 {
		t.Errorf("%v", got)
	}
}
