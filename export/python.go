package export

import (
	"bytes"
	"strings"

	"govern/expr"
	"govern/model"
)

// writePython writes a module that is also a script. It works on arrays of
// NumPy, so rhs takes one state or, as columns, many.
func writePython(b *bytes.Buffer, m *model.Model) {
	l := language{
		dialect: dialect{pi: "np.pi", power: pythonPower, call: pythonCall, choose: pythonChoose},
		reserve: strings.Fields(pythonReserved),
		member:  "p.",
		helpers: pythonHelpers(),
		source:  parse("python", pythonSource),
	}
	l.write(b, m)
}

// pythonReserved are the keywords and what the right-hand side uses.
const pythonReserved = `False None True and as assert async await break class continue def del elif else except finally
	for from global if import in is lambda nonlocal not or pass raise return try while with yield match case type
	float self np t state p d signals rhs`

func pythonPower(d *dialect, base, exponent *expr.Expr) term {
	if n, ok := wholeExponent(exponent); ok {
		return term{d.term(base).within(atomic) + "**" + n, raising}
	}
	// Python's ** is complex for negative bases
	return term{"np.power(" + d.text(base) + ", " + d.text(exponent) + ")", atomic}
}

func pythonCall(function string, args []string) string {
	name := "np." + function
	switch function {
	case "acos", "asin", "atan", "atan2":
		name = "np.arc" + function[1:]
	case "max":
		name = "np.maximum"
	case "min":
		name = "np.minimum"
	case "heaviside":
		return "np.heaviside(" + args[0] + ", 0.5)"
	case "erf", "logistic", "mod", "relu", "softplus":
		name = function
	}
	return name + "(" + strings.Join(args, ", ") + ")"
}

func pythonChoose(condition, yes, no string) string {
	return "np.where(" + condition + ", " + yes + ", " + no + ")"
}

func pythonHelpers() map[string]string {
	return map[string]string{
		"erf": `import math


def erf(x):
    """The error function of a number, or of every element of an array."""
    return np.vectorize(math.erf, otypes=[float])(x)
`,
		"logistic": `def logistic(x):
    """1/(1 + exp(-x)), without overflow."""
    return np.exp(-np.logaddexp(0.0, -x))
`,
		"mod": `def mod(a, b):
    """The floored remainder: it has the sign of b."""
    return a - b*np.floor(a/b)
`,
		"relu": `def relu(x):
    """The positive part of x."""
    return np.maximum(x, 0.0)
`,
		"softplus": `def softplus(x):
    """log(1 + exp(x)), without overflow."""
    return np.logaddexp(0.0, x)
`,
	}
}

const pythonSource = `
{{range .About}}# {{.}}
{{end}}#
# Written by govern export --to python; needs NumPy only.
#
# As a script (a row every dt, as comma-separated values):
#
#     python3 THIS_FILE [t_end [dt]] > trajectory.csv
#
# As a module, with its own fixed-step integrator or one of SciPy's:
#
#     states = simulate(np.arange(0.0, 100.0, 0.01))
{{- if .AnyInput}}
#     scipy.integrate.solve_ivp(rhs, (0, 100), X0, args=(P, SIGNALS), rtol=1e-9, atol=1e-12)
{{- else}}
#     scipy.integrate.solve_ivp(rhs, (0, 100), X0, args=(P,), rtol=1e-9, atol=1e-12)
{{- end}}
#     dataclasses.replace(P, name=value) is P with another value of a parameter.

import sys
from dataclasses import dataclass

import numpy as np

STATES = {{wrap (tuple (quoted .States)) "          "}}

# Initial state, in the order of STATES.
X0 = np.array({{wrap (printf "[%s])" (values .States)) "               "}}

# Largest step of the Runge-Kutta method
# ({{.StepNote}}).
STEP = {{.Step}}


@dataclass(frozen=True)
class Parameters:
    """The constants of the equations."""
{{range .Parameters}}
    {{.Name}}: float = {{.Value}}{{if .Renamed}}  # {{.Original}}{{end}}
{{- end}}


P = Parameters()
{{- if .AnyInput}}

# The signals that drive the model: for each its times, which increase, and its
# values. They are linear between these samples and constant outside. Put your
# own here, or pass others to rhs and simulate.
SIGNALS = {
{{- range .Inputs}}
    "{{.Original}}": (np.array([0.0]), np.array([0.0])),
{{- end}}
}
{{- end}}

{{range .Helpers}}
{{.}}
{{end}}
def rhs(t, state, p{{if .AnyInput}}, signals{{end}}):
    """Time derivative of the state at time t with parameters p."""
    {{unpack (names .States) "state" "     "}}
{{- range .Inputs}}
    {{.Name}} = np.interp(t, *signals["{{.Original}}"])
{{- end}}
{{- range .Definitions}}
    {{wrap (printf "%s = (%s)" .Name .Right) "        " | unwrapped}}{{if .Renamed}}  # {{.Original}}{{end}}
{{- end}}
    d = np.empty(np.shape(state))
{{- range .Derivatives}}
    {{wrap (printf "d[%d] = (%s)" .Index .Right) "        " | unwrapped}}  # {{.Original}}'
{{- end}}
    return d


def rk4_step(t, x, h, p{{if .AnyInput}}, signals{{end}}):
    """The state at t + h from the state x at t: classical Runge-Kutta, fourth order."""
    k1 = rhs(t, x, p{{if .AnyInput}}, signals{{end}})
    k2 = rhs(t + h/2, x + h/2*k1, p{{if .AnyInput}}, signals{{end}})
    k3 = rhs(t + h/2, x + h/2*k2, p{{if .AnyInput}}, signals{{end}})
    k4 = rhs(t + h, x + h*k3, p{{if .AnyInput}}, signals{{end}})
    return x + h/6*(k1 + 2*k2 + 2*k3 + k4)


def advance(t, end, x, p{{if .AnyInput}}, signals{{end}}, step):
    """The state at end from the state x at t, in equal steps of at most step."""
    n = max(1, int(np.ceil((end - t)/step)))
    h = (end - t)/n
    for k in range(n):
        x = rk4_step(t + k*h, x, h, p{{if .AnyInput}}, signals{{end}})
    if not np.all(np.isfinite(x)):
        raise FloatingPointError(f"the state is no longer finite at t = {end}")
    return x


def simulate(times, x0=X0, p=P{{if .AnyInput}}, signals=SIGNALS{{end}}, step=STEP):
    """States at the given times, one row a time; x0 is the state at the first."""
    x = np.array(x0, dtype=float)
    states = [x]
{{- if .AnyInput}}
    # Steps end where a signal bends, so that the method keeps its order.
    bends = np.unique(np.concatenate([time for time, _ in signals.values()]))
    for start, end in zip(times[:-1], times[1:]):
        for stop in [*bends[(bends > start) & (bends < end)], end]:
            x = advance(start, stop, x, p, signals, step)
            start = stop
        states.append(x)
{{- else}}
    for start, end in zip(times[:-1], times[1:]):
        x = advance(start, end, x, p, step)
        states.append(x)
{{- end}}
    return np.array(states)


def main():
    t_end = float(sys.argv[1]) if len(sys.argv) > 1 else 100.0
    dt = float(sys.argv[2]) if len(sys.argv) > 2 else 0.01
    times = dt*np.arange(int(t_end/dt + 1e-9) + 1)
    print("{{header .States}}")
    for t, x in zip(times, simulate(times)):
        print(",".join(repr(float(value)) for value in (t, *x)))


if __name__ == "__main__":
    main()
`
