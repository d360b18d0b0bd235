//go:build slow

package govern_test

import (
	"fmt"
	"testing"
)

// Problems that are written in other units: with nothing known, hidden states,
// fitted parameters whose start is off by a factor of three, and a function with
// kinks.
var (
	rosslerOpen = measured{name: "Rössler, nothing known", system: "rossler-14", step: 0.1, samples: 1500, seed: 5,
		noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}, problem: open("x", "y", "z"), unknowns: map[string]string{"f0": "x", "f1": "y", "f2": "z"}}
	lorenzOpen = measured{name: "Lorenz, nothing known", system: "lorenz", step: 0.02, samples: 1500, seed: 5,
		noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}, problem: open("x", "y", "z"), unknowns: map[string]string{"f0": "x", "f1": "y", "f2": "z"}}
	rosslerHidden = measured{name: "Rössler, y hidden and unknown", system: "rossler-14", step: 0.1, samples: 1000, seed: 5,
		noise: map[string]float64{"x": 0.01, "z": 0.01}, problem: hidden, unknowns: map[string]string{"f": "y"}}
	rosslerParameters = measured{name: "Rössler, parameters to fit", system: "rossler-14", step: 0.1, samples: 800, seed: 5,
		noise: map[string]float64{"x": 0.05}, problem: func(u units) string {
			x, y, z, t := u.of("x"), u.of("y"), u.of("z"), u.time
			return fmt.Sprintf(`states: {x: 0, y: 0, z: 0}
  parameters: {a: {value: %g, fit: true}, b: {value: %g, fit: true}, c: {value: %g, fit: true}}
  equations: |
    x' = -(%g)*y - %g*z
    y' = %g*x + a*y
    z' = b + z*(%g*x - c)
`, 0.5/t, 0.5*z/t, 5/t, x/y/t, x/z/t, y/x/t, 1/x/t)
		}, parameters: func(u units) map[string]float64 {
			return map[string]float64{"a": 1 / u.time, "b": u.of("z") / u.time, "c": 1 / u.time}
		}}
	chuaKinks = measured{name: "Chua, its resistor", system: "chua", step: 0.05, samples: 1200, seed: 5,
		noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}, problem: func(u units) string {
			x, y, z, t := u.of("x"), u.of("y"), u.of("z"), u.time
			return fmt.Sprintf(`states: {x: 0, y: 0, z: 0}
  unknowns: {f: {}}
  equations: |
    x' = %g*y + f(x)
    y' = %g*x - %g*y + %g*z
    z' = -(%g)*y
`, 9*x/y/t, y/x/t, 1/t, y/z/t, 100./7*z/y/t)
		}, unknowns: map[string]string{"f": "x"}}
)

func TestNoResultDependsOnUnits(t *testing.T) {
	binary := []units{
		{time: power(30)}, {time: power(-30)},
		{time: 1, state: map[string]float64{"x": power(40), "y": power(40), "z": power(40)}},
		{time: 1, state: map[string]float64{"x": power(-40), "y": power(-40), "z": power(-40)}},
		{time: power(-20), state: map[string]float64{"x": power(40), "y": power(-40), "z": power(3)}},
		{time: power(10), state: map[string]float64{"x": power(-40), "y": 1, "z": power(40)}},
	}
	decimal := []units{
		{time: 1e-3}, {time: 3.2e7},
		{time: 1e-9, state: map[string]float64{"x": 1e12, "y": 1e-12, "z": 10}},
		{time: 1e9, state: map[string]float64{"x": 1e-12, "y": 1, "z": 1e12}},
	}
	for _, m := range []*measured{&rosslerOpen, &lorenzOpen, &rosslerHidden, &rosslerParameters, &chuaKinks} {
		t.Run(m.name, func(t *testing.T) {
			bare := m.discovered(t, units{time: 1})
			for k, list := range [][]units{binary, decimal} {
				for _, u := range list {
					t.Run(fmt.Sprintf("%g %v", u.time, u.state), func(t *testing.T) {
						m.compare(t, bare, m.discovered(t, u), u, []float64{1e-9, 1e-6}[k])
					})
				}
			}
		})
	}
}
