# chua
# T. Matsumoto, L. O. Chua and M. Komuro, The double scroll, IEEE Trans. Circuits Syst. 32 (1985)
# 797-818, dimensionless form.
#
# Written by govern export --to python; needs NumPy only.
#
# As a script (a row every dt, as comma-separated values):
#
#     python3 THIS_FILE [t_end [dt]] > trajectory.csv
#
# As a module, with its own fixed-step integrator or one of SciPy's:
#
#     states = simulate(np.arange(0.0, 100.0, 0.01))
#     scipy.integrate.solve_ivp(rhs, (0, 100), X0, args=(P,), rtol=1e-9, atol=1e-12)
#     dataclasses.replace(P, name=value) is P with another value of a parameter.

import sys
from dataclasses import dataclass

import numpy as np

STATES = ("x", "y", "z")

# Initial state, in the order of STATES.
X0 = np.array([0.1, 0.0, 0.0])

# Largest step of the Runge-Kutta method
# (measured up to t = 11.1: small enough for 8 digits there).
STEP = 0.0001


@dataclass(frozen=True)
class Parameters:
    """The constants of the equations."""

    alpha: float = 9.0
    beta: float = 14.285714285714286
    m0: float = -1.1428571428571428
    m1: float = -0.7142857142857143


P = Parameters()


def rhs(t, state, p):
    """Time derivative of the state at time t with parameters p."""
    x, y, z = state
    g = p.m1*x + (p.m0 - p.m1)/2.0*(np.abs(x + 1.0) - np.abs(x - 1.0))
    d = np.empty(np.shape(state))
    d[0] = p.alpha*(y - x - g)  # x'
    d[1] = x - y + z  # y'
    d[2] = -p.beta*y  # z'
    return d


def rk4_step(t, x, h, p):
    """The state at t + h from the state x at t: classical Runge-Kutta, fourth order."""
    k1 = rhs(t, x, p)
    k2 = rhs(t + h/2, x + h/2*k1, p)
    k3 = rhs(t + h/2, x + h/2*k2, p)
    k4 = rhs(t + h, x + h*k3, p)
    return x + h/6*(k1 + 2*k2 + 2*k3 + k4)


def advance(t, end, x, p, step):
    """The state at end from the state x at t, in equal steps of at most step."""
    n = max(1, int(np.ceil((end - t)/step)))
    h = (end - t)/n
    for k in range(n):
        x = rk4_step(t + k*h, x, h, p)
    if not np.all(np.isfinite(x)):
        raise FloatingPointError(f"the state is no longer finite at t = {end}")
    return x


def simulate(times, x0=X0, p=P, step=STEP):
    """States at the given times, one row a time; x0 is the state at the first."""
    x = np.array(x0, dtype=float)
    states = [x]
    for start, end in zip(times[:-1], times[1:]):
        x = advance(start, end, x, p, step)
        states.append(x)
    return np.array(states)


def main():
    t_end = float(sys.argv[1]) if len(sys.argv) > 1 else 100.0
    dt = float(sys.argv[2]) if len(sys.argv) > 2 else 0.01
    times = dt*np.arange(int(t_end/dt + 1e-9) + 1)
    print("t,x,y,z")
    for t, x in zip(times, simulate(times)):
        print(",".join(repr(float(value)) for value in (t, *x)))


if __name__ == "__main__":
    main()
