# driven * / resonator
# a test, with # a comment's end * / and a trailing \
# t is in ms.
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
#     scipy.integrate.solve_ivp(rhs, (0, 100), X0, args=(P, SIGNALS), rtol=1e-9, atol=1e-12)
#     dataclasses.replace(P, name=value) is P with another value of a parameter.

import sys
from dataclasses import dataclass

import numpy as np

STATES = ("lambda", "in", "η̄", "y1", "d")

# Initial state, in the order of STATES.
X0 = np.array([0.5, 0.1, -0.2, 1.0, 0.3])

# Largest step of the Runge-Kutta method
# (measured up to t = 11.1: small enough for 8 digits there).
STEP = 0.005


@dataclass(frozen=True)
class Parameters:
    """The constants of the equations."""

    double: float = 0.3
    omega: float = 2.0  # ω
    gamma: float = 0.1
    p_: float = 1.5  # p
    float_: float = 0.25  # float
    NAN: float = 0.5
    v_low: float = -0.75  # _low


P = Parameters()

# The signals that drive the model: for each its times, which increase, and its
# values. They are linear between these samples and constant outside. Put your
# own here, or pass others to rhs and simulate.
SIGNALS = {
    "I": (np.array([0.0]), np.array([0.0])),
    "for": (np.array([0.0]), np.array([0.0])),
}


def logistic(x):
    """1/(1 + exp(-x)), without overflow."""
    return np.exp(-np.logaddexp(0.0, -x))


def mod(a, b):
    """The floored remainder: it has the sign of b."""
    return a - b*np.floor(a/b)


def rhs(t, state, p, signals):
    """Time derivative of the state at time t with parameters p."""
    lambda_, in_, etau0304, y1, d_ = state
    I = np.interp(t, *signals["I"])
    for_ = np.interp(t, *signals["for"])
    state_ = np.sin(np.pi*t/7.0)  # state
    unix = -0.25*np.maximum(y1, lambda_)
    d = np.empty(np.shape(state))
    d[0] = in_  # lambda'
    d[1] = -p.omega**2*lambda_ - p.gamma*in_*np.abs(in_) + p.double*I + p.p_*state_  # in'
    d[2] = (-(etau0304 - np.tanh(lambda_))**3/p.float_ - (1.0 +
        etau0304**2)**-2*p.NAN*np.where(etau0304 < p.v_low, 0.0, 1.0)*1e-6)  # η̄'
    d[3] = -0.5*y1 + logistic(4.0*for_) - t*0.001  # y1'
    d[4] = (np.sin(mod(lambda_ + in_, 2.0*np.pi))*0.01 + 2.0/3.0*I - np.power(np.abs(d_), 1.5)*0.1 +
        unix)  # d'
    return d


def rk4_step(t, x, h, p, signals):
    """The state at t + h from the state x at t: classical Runge-Kutta, fourth order."""
    k1 = rhs(t, x, p, signals)
    k2 = rhs(t + h/2, x + h/2*k1, p, signals)
    k3 = rhs(t + h/2, x + h/2*k2, p, signals)
    k4 = rhs(t + h, x + h*k3, p, signals)
    return x + h/6*(k1 + 2*k2 + 2*k3 + k4)


def advance(t, end, x, p, signals, step):
    """The state at end from the state x at t, in equal steps of at most step."""
    n = max(1, int(np.ceil((end - t)/step)))
    h = (end - t)/n
    for k in range(n):
        x = rk4_step(t + k*h, x, h, p, signals)
    if not np.all(np.isfinite(x)):
        raise FloatingPointError(f"the state is no longer finite at t = {end}")
    return x


def simulate(times, x0=X0, p=P, signals=SIGNALS, step=STEP):
    """States at the given times, one row a time; x0 is the state at the first."""
    x = np.array(x0, dtype=float)
    states = [x]
    # Steps end where a signal bends, so that the method keeps its order.
    bends = np.unique(np.concatenate([time for time, _ in signals.values()]))
    for start, end in zip(times[:-1], times[1:]):
        for stop in [*bends[(bends > start) & (bends < end)], end]:
            x = advance(start, stop, x, p, signals, step)
            start = stop
        states.append(x)
    return np.array(states)


def main():
    t_end = float(sys.argv[1]) if len(sys.argv) > 1 else 100.0
    dt = float(sys.argv[2]) if len(sys.argv) > 2 else 0.01
    times = dt*np.arange(int(t_end/dt + 1e-9) + 1)
    print("t,lambda,in,η̄,y1,d")
    for t, x in zip(times, simulate(times)):
        print(",".join(repr(float(value)) for value in (t, *x)))


if __name__ == "__main__":
    main()
