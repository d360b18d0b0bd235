// Package ode integrates closed dynamical systems x' = f(x, u(t), t; p).
//
// The parts compose: a System is the compiled right-hand side, a Method is a
// tableau in a file of its own, a controller chooses the steps, dense output
// gives the requested times, and tangents add the variational equations. All
// methods run through one loop (integrator). Solve and SolveSensitivity return
// trajectories, a Flow advances a state and tangent vectors piece by piece, and
// a Stepper advances many lanes by fixed steps.
package ode
