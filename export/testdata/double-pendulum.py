# double-pendulum
# T. Shinbrot, C. Grebogi, J. Wisdom and J. A. Yorke, Chaos in a double pendulum, Am. J. Phys. 60
# (1992) 491-499.
# t is in s.
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

STATES = ("theta1", "theta2", "omega1", "omega2")

# Initial state, in the order of STATES.
X0 = np.array([2.0, 2.0, 0.0, 0.0])

# Largest step of the Runge-Kutta method
# (measured up to t = 3.28: small enough for 8 digits there).
STEP = 0.001


@dataclass(frozen=True)
class Parameters:
    """The constants of the equations."""

    g: float = 9.81
    m1: float = 1.0
    m2: float = 1.0
    l1: float = 1.0
    l2: float = 1.0


P = Parameters()


def rhs(t, state, p):
    """Time derivative of the state at time t with parameters p."""
    theta1, theta2, omega1, omega2 = state
    delta = theta1 - theta2
    inertia = 2.0*p.m1 + p.m2 - p.m2*np.cos(2.0*delta)
    d = np.empty(np.shape(state))
    d[0] = omega1  # theta1'
    d[1] = omega2  # theta2'
    d[2] = (-(p.g*(2.0*p.m1 + p.m2)*np.sin(theta1) + p.m2*p.g*np.sin(theta1 - 2.0*theta2) +
        2.0*p.m2*np.sin(delta)*(p.l2*omega2**2 + p.l1*omega1**2*np.cos(delta)))/(p.l1*inertia))  # omega1'
    d[3] = (2.0*np.sin(delta)*((p.m1 + p.m2)*(p.l1*omega1**2 + p.g*np.cos(theta1)) +
        p.m2*p.l2*omega2**2*np.cos(delta))/(p.l2*inertia))  # omega2'
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
    print("t,theta1,theta2,omega1,omega2")
    for t, x in zip(times, simulate(times)):
        print(",".join(repr(float(value)) for value in (t, *x)))


if __name__ == "__main__":
    main()
