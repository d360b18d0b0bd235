package export

import (
	"bytes"
	"strings"

	"govern/expr"
	"govern/model"
)

// writeJulia writes a script without packages, whose rhs! has the arguments
// that DifferentialEquations.jl wants.
func writeJulia(b *bytes.Buffer, m *model.Model) {
	l := language{
		dialect: dialect{pi: "pi", power: juliaPower, call: juliaCall, choose: juliaChoose},
		first:   1,
		reserve: strings.Fields(juliaReserved),
		member:  "p.",
		helpers: juliaHelpers(),
		source:  parse("julia", juliaSource),
	}
	l.write(b, m)
}

// juliaReserved are the keywords and what the right-hand side uses.
const juliaReserved = `abstract as baremodule begin break catch const continue do else elseif end export false finally for
	function global if import in isa let local macro missing module mutable nothing outer primitive public quote return
	struct true try type using where while NaN Inf t u p du signals interpolate rhs`

func juliaPower(d *dialect, base, exponent *expr.Expr) term {
	if n, ok := wholeExponent(exponent); ok {
		return term{d.term(base).within(atomic) + "^" + n, raising}
	}
	return term{d.term(base).within(atomic) + "^" + d.term(exponent).right(atomic), raising}
}

func juliaCall(function string, args []string) string {
	if function == "atan2" {
		function = "atan"
	}
	return function + "(" + strings.Join(args, ", ") + ")"
}

func juliaChoose(condition, yes, no string) string {
	return "(" + condition + " ? " + yes + " : " + no + ")"
}

func juliaHelpers() map[string]string {
	return map[string]string{
		"erf": `"The error function (Abramowitz and Stegun 7.1.6, all terms positive); it is 1 beyond 6 to the last digit."
function erf(x)
    abs(x) > 6 && return sign(x)/1.0
    n, part, total = 0, x/1.0, x/1.0
    while abs(part) > 1e-17*abs(total)
        n += 1
        part *= 2x^2/(2n + 1)
        total += part
    end
    return 2/sqrt(pi)*exp(-x^2)*total
end
`,
		"heaviside": `"0 below zero, 1 above, 1/2 at zero."
heaviside(x) = 0.5 + 0.5*sign(x)
`,
		"logistic": `"The logistic function."
logistic(x) = 1/(1 + exp(-x))
`,
		"relu": `"The positive part of x."
relu(x) = max(x, 0.0)
`,
		"softplus": `"log(1 + exp(x)), without overflow."
softplus(x) = max(x, 0.0) + log1p(exp(-abs(x)))
`,
	}
}

const juliaSource = `
{{range .About}}# {{.}}
{{end}}#
# Written by govern export --to julia; needs no package.
#
# As a script (a row every dt, as comma-separated values):
#
#     julia THIS_FILE [t_end [dt]] > trajectory.csv
#
# From Julia, with its own fixed-step integrator or with DifferentialEquations:
#
#     states = simulate(0.0:0.01:100.0)
#     solve(ODEProblem(rhs!, X0, (0.0, 100.0), P), Tsit5(); reltol = 1e-9, abstol = 1e-12)
#
# (; P..., name = value) is P with another value of a parameter.

const STATES = {{wrap (tuple (quoted .States)) "                "}}

# Initial state, in the order of STATES.
const X0 = {{wrap (printf "[%s]" (values .States)) "            "}}

# Largest step of the Runge-Kutta method
# ({{.StepNote}}).
const STEP = {{.Step}}

# The constants of the equations.
const P = (;
{{- range .Parameters}}
    {{.Name}} = {{.Value}},{{if .Renamed}}  # {{.Original}}{{end}}
{{- end}}
)
{{- if .AnyInput}}

# The signals that drive the model: for each its times, which increase, and its
# values. They are linear between these samples and constant outside. Put your
# own here, or pass others as the keyword signals.
const SIGNALS = (;
{{- range .Inputs}}
    {{.Name}} = ([0.0], [0.0]),{{if .Renamed}}  # {{.Original}}{{end}}
{{- end}}
)

"The value of a signal at time t."
function interpolate(signal, t)
    times, values = signal
    k = searchsortedlast(times, t)
    k == 0 && return values[1]
    k == length(times) && return values[end]
    return values[k] + (t - times[k])/(times[k+1] - times[k])*(values[k+1] - values[k])
end
{{- end}}
{{range .Helpers}}
{{.}}
{{- end}}
"Sets du to the time derivative of the state u at time t with parameters p."
function rhs!(du, u, p, t{{if .AnyInput}}; signals = SIGNALS{{end}})
    {{unpack (names .States) "u" "     "}}
{{- range .Inputs}}
    {{.Name}} = interpolate(signals.{{.Name}}, t)
{{- end}}
{{- range .Definitions}}
    {{wrap (printf "%s = %s" .Name .Right) "        "}}{{if .Renamed}}  # {{.Original}}{{end}}
{{- end}}
{{- range .Derivatives}}
    {{wrap (printf "du[%d] = %s" .Index .Right) "        "}}  # {{.Original}}'
{{- end}}
    return nothing
end

"The time derivative of the state x at time t with parameters p."
function rhs(t, x, p{{if .AnyInput}}; signals = SIGNALS{{end}})
    d = similar(x)
    rhs!(d, x, p, t{{if .AnyInput}}; signals{{end}})
    return d
end

"The state at t + h from the state x at t: classical Runge-Kutta, fourth order."
function rk4_step(t, x, h, p{{if .AnyInput}}; signals = SIGNALS{{end}})
    k1 = rhs(t, x, p{{if .AnyInput}}; signals{{end}})
    k2 = rhs(t + h/2, x .+ h/2 .* k1, p{{if .AnyInput}}; signals{{end}})
    k3 = rhs(t + h/2, x .+ h/2 .* k2, p{{if .AnyInput}}; signals{{end}})
    k4 = rhs(t + h, x .+ h .* k3, p{{if .AnyInput}}; signals{{end}})
    return x .+ h/6 .* (k1 .+ 2 .* k2 .+ 2 .* k3 .+ k4)
end

"The state at stop from the state x at start, in equal steps of at most step."
function advance(start, stop, x, p, step{{if .AnyInput}}; signals = SIGNALS{{end}})
    n = max(1, ceil(Int, (stop - start)/step))
    h = (stop - start)/n
    for k in 0:n-1
        x = rk4_step(start + k*h, x, h, p{{if .AnyInput}}; signals{{end}})
    end
    all(isfinite, x) || error("the state is no longer finite at t = $stop")
    return x
end

"States at the given times, a vector a time; x0 is the state at the first."
function simulate(times; x0 = X0, p = P, step = STEP{{if .AnyInput}}, signals = SIGNALS{{end}})
    states = [float(collect(x0))]
{{- if .AnyInput}}
    # Steps end where a signal bends, so that the method keeps its order.
    bends = sort!(unique(vcat((time for (time, _) in signals)...)))
{{- end}}
    for i in 2:length(times)
{{- if .AnyInput}}
        x, start = states[end], times[i-1]
        for stop in [filter(b -> start < b < times[i], bends); times[i]]
            x = advance(start, stop, x, p, step; signals)
            start = stop
        end
        push!(states, x)
{{- else}}
        push!(states, advance(times[i-1], times[i], states[end], p, step))
{{- end}}
    end
    return states
end

function main(arguments)
    t_end = length(arguments) > 0 ? parse(Float64, arguments[1]) : 100.0
    dt = length(arguments) > 1 ? parse(Float64, arguments[2]) : 0.01
    times = dt .* (0:floor(Int, t_end/dt + 1e-9))
    println("{{header .States}}")
    for (t, x) in zip(times, simulate(times))
        println(join([t; x], ","))
    end
end

if abspath(PROGRAM_FILE) == @__FILE__
    main(ARGS)
end
`
