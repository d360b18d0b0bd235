# chua
# T. Matsumoto, L. O. Chua and M. Komuro, The double scroll, IEEE Trans. Circuits Syst. 32 (1985)
# 797-818, dimensionless form.
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

const STATES = ("x", "y", "z")

# Initial state, in the order of STATES.
const X0 = [0.1, 0.0, 0.0]

# Largest step of the Runge-Kutta method
# (measured up to t = 11.1: small enough for 8 digits there).
const STEP = 0.0001

# The constants of the equations.
const P = (;
    alpha = 9.0,
    beta = 14.285714285714286,
    m0 = -1.1428571428571428,
    m1 = -0.7142857142857143,
)

"Sets du to the time derivative of the state u at time t with parameters p."
function rhs!(du, u, p, t)
    x, y, z = u
    g = p.m1*x + (p.m0 - p.m1)/2.0*(abs(x + 1.0) - abs(x - 1.0))
    du[1] = p.alpha*(y - x - g)  # x'
    du[2] = x - y + z  # y'
    du[3] = -p.beta*y  # z'
    return nothing
end

"The time derivative of the state x at time t with parameters p."
function rhs(t, x, p)
    d = similar(x)
    rhs!(d, x, p, t)
    return d
end

"The state at t + h from the state x at t: classical Runge-Kutta, fourth order."
function rk4_step(t, x, h, p)
    k1 = rhs(t, x, p)
    k2 = rhs(t + h/2, x .+ h/2 .* k1, p)
    k3 = rhs(t + h/2, x .+ h/2 .* k2, p)
    k4 = rhs(t + h, x .+ h .* k3, p)
    return x .+ h/6 .* (k1 .+ 2 .* k2 .+ 2 .* k3 .+ k4)
end

"The state at stop from the state x at start, in equal steps of at most step."
function advance(start, stop, x, p, step)
    n = max(1, ceil(Int, (stop - start)/step))
    h = (stop - start)/n
    for k in 0:n-1
        x = rk4_step(start + k*h, x, h, p)
    end
    all(isfinite, x) || error("the state is no longer finite at t = $stop")
    return x
end

"States at the given times, a vector a time; x0 is the state at the first."
function simulate(times; x0 = X0, p = P, step = STEP)
    states = [float(collect(x0))]
    for i in 2:length(times)
        push!(states, advance(times[i-1], times[i], states[end], p, step))
    end
    return states
end

function main(arguments)
    t_end = length(arguments) > 0 ? parse(Float64, arguments[1]) : 100.0
    dt = length(arguments) > 1 ? parse(Float64, arguments[2]) : 0.01
    times = dt .* (0:floor(Int, t_end/dt + 1e-9))
    println("t,x,y,z")
    for (t, x) in zip(times, simulate(times))
        println(join([t; x], ","))
    end
end

if abspath(PROGRAM_FILE) == @__FILE__
    main(ARGS)
end
