# driven * / resonator
# a test, with # a comment's end * / and a trailing \
# t is in ms.
#
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

const STATES = ("lambda", "in", "η̄", "y1", "d")

# Initial state, in the order of STATES.
const X0 = [0.5, 0.1, -0.2, 1.0, 0.3]

# Largest step of the Runge-Kutta method
# (measured up to t = 11.1: small enough for 8 digits there).
const STEP = 0.005

# The constants of the equations.
const P = (;
    double = 0.3,
    omega = 2.0,  # ω
    gamma = 0.1,
    p_ = 1.5,  # p
    float = 0.25,
    NAN = 0.5,
    v_low = -0.75,  # _low
)

# The signals that drive the model: for each its times, which increase, and its
# values. They are linear between these samples and constant outside. Put your
# own here, or pass others as the keyword signals.
const SIGNALS = (;
    I = ([0.0], [0.0]),
    for_ = ([0.0], [0.0]),  # for
)

"The value of a signal at time t."
function interpolate(signal, t)
    times, values = signal
    k = searchsortedlast(times, t)
    k == 0 && return values[1]
    k == length(times) && return values[end]
    return values[k] + (t - times[k])/(times[k+1] - times[k])*(values[k+1] - values[k])
end

"The logistic function."
logistic(x) = 1/(1 + exp(-x))

"Sets du to the time derivative of the state u at time t with parameters p."
function rhs!(du, u, p, t; signals = SIGNALS)
    lambda, in_, etau0304, y1, d = u
    I = interpolate(signals.I, t)
    for_ = interpolate(signals.for_, t)
    state = sin(pi*t/7.0)
    unix = -0.25*max(y1, lambda)
    du[1] = in_  # lambda'
    du[2] = -p.omega^2*lambda - p.gamma*in_*abs(in_) + p.double*I + p.p_*state  # in'
    du[3] = -(etau0304 - tanh(lambda))^3/p.float - (1.0 +
        etau0304^2)^-2*p.NAN*(etau0304 < p.v_low ? 0.0 : 1.0)*1e-6  # η̄'
    du[4] = -0.5*y1 + logistic(4.0*for_) - t*0.001  # y1'
    du[5] = sin(mod(lambda + in_, 2.0*pi))*0.01 + 2.0/3.0*I - abs(d)^1.5*0.1 + unix  # d'
    return nothing
end

"The time derivative of the state x at time t with parameters p."
function rhs(t, x, p; signals = SIGNALS)
    d = similar(x)
    rhs!(d, x, p, t; signals)
    return d
end

"The state at t + h from the state x at t: classical Runge-Kutta, fourth order."
function rk4_step(t, x, h, p; signals = SIGNALS)
    k1 = rhs(t, x, p; signals)
    k2 = rhs(t + h/2, x .+ h/2 .* k1, p; signals)
    k3 = rhs(t + h/2, x .+ h/2 .* k2, p; signals)
    k4 = rhs(t + h, x .+ h .* k3, p; signals)
    return x .+ h/6 .* (k1 .+ 2 .* k2 .+ 2 .* k3 .+ k4)
end

"The state at stop from the state x at start, in equal steps of at most step."
function advance(start, stop, x, p, step; signals = SIGNALS)
    n = max(1, ceil(Int, (stop - start)/step))
    h = (stop - start)/n
    for k in 0:n-1
        x = rk4_step(start + k*h, x, h, p; signals)
    end
    all(isfinite, x) || error("the state is no longer finite at t = $stop")
    return x
end

"States at the given times, a vector a time; x0 is the state at the first."
function simulate(times; x0 = X0, p = P, step = STEP, signals = SIGNALS)
    states = [float(collect(x0))]
    # Steps end where a signal bends, so that the method keeps its order.
    bends = sort!(unique(vcat((time for (time, _) in signals)...)))
    for i in 2:length(times)
        x, start = states[end], times[i-1]
        for stop in [filter(b -> start < b < times[i], bends); times[i]]
            x = advance(start, stop, x, p, step; signals)
            start = stop
        end
        push!(states, x)
    end
    return states
end

function main(arguments)
    t_end = length(arguments) > 0 ? parse(Float64, arguments[1]) : 100.0
    dt = length(arguments) > 1 ? parse(Float64, arguments[2]) : 0.01
    times = dt .* (0:floor(Int, t_end/dt + 1e-9))
    println("t,lambda,in,η̄,y1,d")
    for (t, x) in zip(times, simulate(times))
        println(join([t; x], ","))
    end
end

if abspath(PROGRAM_FILE) == @__FILE__
    main(ARGS)
end
