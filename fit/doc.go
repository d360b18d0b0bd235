// Package fit is the one engine. Everything that is fitted is one
// maximum-a-posteriori problem on the states at nodes, and on columns: coefficients of a
// library, parameters, weights of neural forms. Smooth reads hidden states and unknown
// calls off the data, Trajectory fits formulas, Neural neural forms, Locate states alone; all are
// stages of the same kind with another specification.
//
// It sees a model (Prepare) and entries of data, remembers finished steps in a Journal
// and tells a Monitor how it goes; it reads and writes no file.
//
// The stage is told from stage.go (what it is) over chain.go, lanes.go, observer.go and
// residuals.go (how its rows come about) to posterior.go (what they say) and gradient.go
// (adjoints). What is fitted with it: smooth.go, component.go, roughness.go (paths);
// trajectory.go, train.go, stream.go, grow.go, tighten.go
// (formulas); neural.go; locate.go. Rooms below it hold what needs no stage: prior,
// neural, divergence; gauge stands above it.
package fit
