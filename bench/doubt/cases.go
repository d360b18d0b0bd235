package main

// kind says what an honest answer to a case is.
type kind int

const (
	right   kind = iota // the model can be the truth: anything but ok is a false alarm
	outside             // the truth is outside the default libraries: found, or doubted
	wrong               // what is given is wrong: doubted
)

// experiment is a simulated system, and what is said of it.
type experiment struct {
	name    string
	kind    kind
	truth   string // the closed model, as a file
	learn   string // the model with its holes, as in a problem file
	unknown map[string]string
	step    float64
	samples int
	settle  float64
	noise   float64  // of every channel, in standard deviations of its state
	hidden  []string // states without a channel
}

const (
	lorenz = "name: lorenz\nstates: {x: 1, y: 1, z: 20}\nequations: |\n"
	band   = "name: rossler\nstates: {x: 1, y: 1, z: 0.1}\nequations: |\n"
	three  = "  states: {x: 0, y: 0, z: 0}\n"
)

// experiments are the board. Systems are chaotic unless they say otherwise.
func experiments() []experiment {
	lorenzX := func(name, f string, noise float64) experiment {
		return experiment{name: name, kind: outside, truth: lorenz + "  x' = 10*(f - x)\n  y' = x*(28 - z) - y\n  z' = x*y - 8/3*z\n  f = " + f + "\n",
			learn:   three + "  unknowns: {f: {}}\n  equations: |\n    x' = 10*(f(x, y) - x)\n    y' = x*(28 - z) - y\n    z' = x*y - 8/3*z\n",
			unknown: map[string]string{"f": f}, step: 0.02, samples: 2000, settle: 100, noise: noise}
	}
	rosslerY := func(name string, k kind, arguments, f string, noise float64) experiment {
		return experiment{name: name, kind: k, truth: band + "  x' = -y - z\n  y' = f\n  z' = 0.2 + z*(x - 5.7)\n  f = " + f + "\n",
			learn:   three + "  unknowns: {f: {}}\n  equations: |\n    x' = -y - z\n    y' = f(" + arguments + ")\n    z' = 0.2 + z*(x - 5.7)\n",
			unknown: map[string]string{"f": f}, step: 0.1, samples: 2000, settle: 200, noise: noise}
	}
	given := func(name string, k kind, truth, learn string, step float64, samples int, noise float64, unknown map[string]string) experiment {
		return experiment{name: name, kind: k, truth: truth, learn: learn, unknown: unknown, step: step, samples: samples, settle: 200, noise: noise}
	}
	out := []experiment{
		rosslerY("Rössler, logistic of x + y/5, 1 %", outside, "x, y", "40*logistic((x + 0.2*y)/10) - 20", 0.01),
		rosslerY("Rössler, logistic of x + y/5, 5 %", outside, "x, y", "40*logistic((x + 0.2*y)/10) - 20", 0.05),
		lorenzX("Lorenz, tanh of x/5 + y, 1 %", "30*tanh((y + 0.2*x)/25)", 0.01),
		lorenzX("Lorenz, tanh of x/5 + y, 5 %", "30*tanh((y + 0.2*x)/25)", 0.05),
		given("Rössler, Hill coupling, 5 %", outside, band+"  x' = -y - z\n  y' = f + 0.2*y\n  z' = 0.2 + z*(x - 5.7)\n  f = 20*(x + 20)^4/(20^4 + (x + 20)^4) - 10\n",
			three+"  unknowns: {f: {}}\n  equations: |\n    x' = -y - z\n    y' = f(x) + 0.2*y\n    z' = 0.2 + z*(x - 5.7)\n", 0.1, 2000, 0.05,
			map[string]string{"f": "20*(x + 20)^4/(20^4 + (x + 20)^4) - 10"}),
		{name: "Lorenz, x*y/(1 + x²/2000), 1 %", kind: outside, truth: lorenz + "  x' = 10*(y - x)\n  y' = x*(28 - z) - y\n  z' = x*y/(1 + x^2/2000) - 8/3*z\n",
			learn:   three + "  unknowns: {f: {}}\n  equations: |\n    x' = 10*(y - x)\n    y' = x*(28 - z) - y\n    z' = f(x, y) - 8/3*z\n",
			unknown: map[string]string{"f": "x*y/(1 + x^2/2000)"}, step: 0.02, samples: 2000, settle: 100, noise: 0.01},
		rosslerY("Rössler, a logistic of x + y/2 beside lines, 2 %", outside, "x, y", "x + 0.25*y - 3*logistic(x + 0.5*y)", 0.02),
		rosslerY("Rössler, tanh of x − y/2 beside y/2, 2 %", outside, "x, y", "8*tanh((x - 0.5*y)/8) + 0.6*y", 0.02),
		{name: "Lorenz, x*y/(1 + (x + y)²/4000), 1 %", kind: outside, truth: lorenz + "  x' = 10*(y - x)\n  y' = x*(28 - z) - y\n  z' = x*y/(1 + (x + y)^2/4000) - 8/3*z\n",
			learn:   three + "  unknowns: {f: {}}\n  equations: |\n    x' = 10*(y - x)\n    y' = x*(28 - z) - y\n    z' = f(x, y) - 8/3*z\n",
			unknown: map[string]string{"f": "x*y/(1 + (x + y)^2/4000)"}, step: 0.02, samples: 2000, settle: 100, noise: 0.01},
		given("food chain, x*y/(1 + 3*x + y/20), 1 %", outside, "name: chain\nstates: {x: 0.8, y: 0.2, z: 8}\nequations: |\n  x' = x*(1 - x) - f\n  y' = f - 0.1*y*z/(1 + 2*y) - 0.4*y\n  z' = 0.1*y*z/(1 + 2*y) - 0.01*z\n  f = 5*x*y/(1 + 3*x + 0.05*y)\n",
			three+"  unknowns: {f: {}}\n  equations: |\n    x' = x*(1 - x) - f(x, y)\n    y' = f(x, y) - 0.1*y*z/(1 + 2*y) - 0.4*y\n    z' = 0.1*y*z/(1 + 2*y) - 0.01*z\n", 2, 2000, 0.01, map[string]string{"f": "5*x*y/(1 + 3*x + 0.05*y)"}),
		given("Rössler, a step at x = 2, 5 %", outside, band+"  x' = -y - z\n  y' = x + 0.2*y + f\n  z' = 0.2 + z*(x - 5.7)\n  f = 2*heaviside(x - 2)\n",
			three+"  unknowns: {f: {}}\n  equations: |\n    x' = -y - z\n    y' = x + 0.2*y + f(x)\n    z' = 0.2 + z*(x - 5.7)\n", 0.1, 2000, 0.05, map[string]string{"f": "2*heaviside(x - 2)"}),
		given("Colpitts, exponential, 5 %", outside, "name: colpitts\nstates: {x: 0.02, y: 0.69, z: -0.53}\nequations: |\n  x' = 6.4638*(z - f)\n  y' = 6.4638*z\n  z' = -0.07735*(x + y) - 0.7246*z\n  f = exp(-y) - 1\n",
			three+"  unknowns: {f: {}}\n  equations: |\n    x' = 6.4638*(z - f(y))\n    y' = 6.4638*z\n    z' = -0.07735*(x + y) - 0.7246*z\n", 0.1, 2000, 0.05, map[string]string{"f": "exp(-y) - 1"}),
		given("Goodwin, 1/(1 + z^10), 1 %, a cycle", outside, "name: goodwin\nstates: {x: 0.1, y: 0.2, z: 2}\nequations: |\n  x' = 5*f - 0.5*x\n  y' = x - 0.5*y\n  z' = y - 0.5*z\n  f = 1/(1 + z^10)\n",
			three+"  unknowns: {f: {}}\n  equations: |\n    x' = 5*f(z) - 0.5*x\n    y' = x - 0.5*y\n    z' = y - 0.5*z\n", 0.25, 1200, 0.01, map[string]string{"f": "1/(1 + z^10)"}),
		given("Rabinovich–Fabrikant, 5 %, through a network", right, "name: rabinovich\nstates: {x: -1, y: 0, z: 0.5}\nequations: |\n  x' = y*(z - 1 + x^2) + 0.87*x\n  y' = x*(3*z + 1 - x^2) + 0.87*y\n  z' = -2*z*(1.1 + x*y)\n",
			three+"  unknowns: {f: {neural: {}}}\n  equations: |\n    x' = f(x, y, z)\n    y' = x*(3*z + 1 - x^2) + 0.87*y\n    z' = -2*z*(1.1 + x*y)\n", 0.05, 2000, 0.05, map[string]string{"f": "y*(z - 1 + x^2) + 0.87*x"}),
		given("repressilator, 1 %, a cycle", outside, "name: repressilator\nstates: {x: 1, y: 2, z: 4}\nequations: |\n  x' = 10/(1 + z^4) - x\n  y' = 10/(1 + x^4) - y\n  z' = f - z\n  f = 10/(1 + y^4)\n",
			three+"  unknowns: {f: {}}\n  equations: |\n    x' = 10/(1 + z^4) - x\n    y' = 10/(1 + x^4) - y\n    z' = f(y) - z\n", 0.1, 1200, 0.01, map[string]string{"f": "10/(1 + y^4)"}),

		given("Rössler, the known x' lacks a damping, 2 %", wrong, band+"  x' = -y - z - 0.03*x\n  y' = x + 0.25*y\n  z' = 0.2 + z*(x - 5.7)\n",
			three+"  unknowns: {f: {}}\n  equations: |\n    x' = -y - z\n    y' = f(x, y)\n    z' = 0.2 + z*(x - 5.7)\n", 0.1, 2000, 0.02, map[string]string{"f": "x + 0.25*y"}),
		given("Lorenz, a coefficient held 3 % off, 2 %", wrong, lorenz+"  x' = 10*(y - x)\n  y' = x*(28 - z) - y\n  z' = x*y - 8/3*z\n",
			three+"  unknowns: {f: {}}\n  equations: |\n    x' = 10*(y - x)\n    y' = x*(27.2 - z) - y\n    z' = f(x, y, z)\n", 0.02, 2000, 0.02, map[string]string{"f": "x*y - 8/3*z"}),
		given("Lorenz, library of degree 2 for a cubic, 2 %", wrong, lorenz+"  x' = 10*(y - x)\n  y' = x*(28 - z) - y - 0.003*x^3\n  z' = x*y - 8/3*z\n",
			three+"  unknowns: {f: {library: {degree: 2}}}\n  equations: |\n    x' = 10*(y - x)\n    y' = f(x, y, z)\n    z' = x*y - 8/3*z\n", 0.02, 2000, 0.02, map[string]string{"f": "x*(28 - z) - y - 0.003*x^3"}),
		given("Rössler, f(x) given, the truth needs y, 2 %", wrong, band+"  x' = -y - z\n  y' = x + 0.2*y + 0.01*x*y\n  z' = 0.2 + z*(x - 5.7)\n",
			three+"  unknowns: {f: {}}\n  equations: |\n    x' = -y - z\n    y' = f(x) + 0.2*y\n    z' = 0.2 + z*(x - 5.7)\n", 0.1, 2000, 0.02, map[string]string{"f": "x"}),
		given("van der Pol with a damping that is linear, 2 %, a cycle", wrong, "name: vdp\nstates: {x: 1, y: 0}\nequations: |\n  x' = y\n  y' = 0.3*(1 - x^2)*y - x\n",
			"  states: {x: 0, y: 0}\n  parameters: {a: {value: 0, fit: true}}\n  unknowns: {f: {}}\n  equations: |\n    x' = y\n    y' = f(x) + a*y\n", 0.1, 1500, 0.02, map[string]string{"f": "-x"}),
		given("FitzHugh–Nagumo without the leak of w, 2 %, a cycle", wrong, "name: fhn\nstates: {v: 1, w: 0}\nequations: |\n  v' = v - v^3/3 - w + 0.5\n  w' = 0.08*(v + 0.7 - 0.8*w)\n",
			"  states: {v: 0, w: 0}\n  unknowns: {f: {}}\n  equations: |\n    v' = v - v^3/3 - w + 0.5\n    w' = f(v)\n", 0.2, 2000, 0.02, map[string]string{"f": "0.08*v + 0.056"}),

		rosslerY("Rössler, a dense quadratic, 2 %", right, "x, y", "0.1 + x + 0.2*y + 0.01*x^2 + 0.01*x*y - 0.01*y^2", 0.02),
		given("Rössler, a cubic of x, 2 %", right, band+"  x' = -y - z\n  y' = f + 0.2*y\n  z' = 0.2 + z*(x - 5.7)\n  f = 0.2 + x + 0.02*x^2 - 0.002*x^3\n",
			three+"  unknowns: {f: {}}\n  equations: |\n    x' = -y - z\n    y' = f(x) + 0.2*y\n    z' = 0.2 + z*(x - 5.7)\n", 0.1, 2000, 0.02, map[string]string{"f": "0.2 + x + 0.02*x^2 - 0.002*x^3"}),
		given("van der Pol, 2 %, a cycle", right, "name: vdp\nstates: {x: 1, y: 0}\nequations: |\n  x' = y\n  y' = 1.5*(1 - x^2)*y - x\n",
			"  states: {x: 0, y: 0}\n  unknowns: {f: {}}\n  equations: |\n    x' = y\n    y' = f(x, y)\n", 0.1, 1500, 0.02, map[string]string{"f": "1.5*y - 1.5*x^2*y - x"}),
		given("FitzHugh–Nagumo, 2 %, a cycle", right, "name: fhn\nstates: {v: 1, w: 0}\nequations: |\n  v' = v - v^3/3 - w + 0.5\n  w' = 0.08*(v + 0.7 - 0.8*w)\n",
			"  states: {v: 0, w: 0}\n  unknowns: {f: {}}\n  equations: |\n    v' = v - v^3/3 - w + 0.5\n    w' = f(v, w)\n", 0.2, 2000, 0.02, map[string]string{"f": "0.08*v + 0.056 - 0.064*w"}),
	}
	return out
}
