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
//
// # The engine
//
// A stage has a state vector at every node (by default one node a sample), columns θ, channels with noise σ, and
// defects with standard deviations w·√dt. Lanes are segments: a block of segments advances through one tape
// program with forward sensitivities (ode.Stepper), writes its rows, and optim.Factor eliminates node after node
// by Householder reflections, which leaves a triangle on θ. Normal equations are never formed: libraries are
// collinear and weights span six decades, and the square of a condition number is more than float64 holds. The
// same factorisation gives Gauss–Newton steps, log evidence, posterior variances of the nodes, the covariance of
// θ and, with a whole library switched on at zero, the quadratic profile that subsets are searched in.
//
// # The smoother
//
// Every call of an unknown becomes an integrated random walk (u, u̇), whitened exactly for its step. States that
// neither an equation nor a channel couples are smoothed apart (fit.component), so nothing-known problems cost n
// small smoothers instead of one large one, and every unknown gets its own roughness. Known equations start a
// thousand times looser than they end; noise is re-estimated under a cap from differences. Both guard against
// the self-consistent wrong solution of stiff equations and free noise.
//
// # Units
//
// Nothing in a fit has a unit: states are measured in their standard deviations, time in t_c, and what counts as
// zero beside what is asked column by column of a triangle, never along a row. A hidden state is as large as it
// must be to move a seen one by its size within t_c (fit.Data.scales), unless only a start says how it couples;
// so are parameters without bounds, which limits them, and the random points of the gauges. Rescaled by powers
// of two a problem gives the same bits along the whole search, up to what pow rounds. Lengths of tangents are
// measured in the sizes of the states. What still knows a unit: hidden states that couple through fitted
// parameters alone, canonical numbers of functions, the first step of an adaptive integration (Hairer's guess),
// tolerances of a state that leaves exact zero, and the default first step of Adam.
//
// # Long segments
//
// fit.Engine.Grow joins segments two by two after everything else is done. What a stage linearises holds the
// state-transition matrices (divergence): their products say how a perturbation grows over joined segments, and
// how far the end moves when the defect between them is closed. Where trajectories part, defects are first
// brought down on single samples (ω to 1e-8, a step or two each), where the chain is well conditioned (lifted
// Newton: Albersmeyer and Diehl, SIAM Journal on Optimization 20 (2010) 1655–1684); then joining takes no step
// or one. Rounding bounds it: at a growth G a segment's end is known to 2⁻⁵²·G, which must stay below the noise
// and below the defects allowed. Integration errors add up over a segment, so its steps are finer than a search
// needs. compare does not use it: its methods begin with their segments.
//
// # Long records
//
// A search sees record.Excerpts: stretches spread over the record. The refits see everything, window after
// window (fit.Engine.stream, chosen by Trajectory beyond 50,000 samples): at given θ each window brings its
// nodes to their best and leaves its triangle on θ, and the triangles of all windows give the Gauss–Newton step.
// A window gives up the defect to the next one, nothing else; memory is the nodes and one window a worker.
//
// # The gain
//
// A stage may be nudged: G·K·(ŷ(t) − h(x)) is added to its equations as expressions (fit.Data.Nudge), K by
// channel and trust, ŷ a cubic through the smoothed path that enters as signals. Nothing else in the engine
// knows of it. The default has none; compare.Run uses it from a strong start (K = 8/t_c) down to zero by half
// decades: under a strong gain the innovations are the errors of the equations filtered over 1/K, and the
// objective is close to quadratic in the coefficients, which is what a cold start needs. assess.Conditional
// gives the largest conditional exponent of a nudged model, computed on a follower of its own master.
//
// # Neural forms
//
// A neural form (neural.Form) stands in the place of an unknown; its weights continue the columns of a stage
// under a normal prior, so Levenberg–Marquardt, annealing, evidence (weights integrated out) and the noise
// update are those of a library fit. It starts from the regression of the smoothed calls on their arguments, of
// a few random starts the best; the evidence of that regression chooses the shape where the model gives none
// ({6}, {10}, {10, 10}). Engine.LearnedPath turns the fit back into a smoothed path, the networks' values in
// place of the calls with the spread that the weights' covariance allows, and the same roads search formulas
// from there. The road opens when a model asks for it (neural:, then it is the only one) or when no formula
// passes the checks and no unknown is confined to a library:; in that case formulas are sought on the network
// only if it passes the checks itself. If a formula passes, it wins; else, if the network passes, the run ends
// as neural_only. Networks also win against a formula that passes but leaves a defect twice as large as theirs,
// and against one whose free run dies or escapes while theirs does not. Its model is written like any other: the
// network is spelt out as a formula (tape.Neural.Formula), so closing, locating, proving, exporting and
// simulating need no second path. ude.json holds the weights.
//
// # Values of entries
//
// A parameter with each: entry becomes, in model.PerEntry, a fitted parameter for every file ("c of a.csv", Of
// and Entry say of what), so that lists of fitted parameters, bounds, covariances and journals know nothing new;
// equations still name c. Only fit knows that the two belong together (individuals.columnIn): a stage compiles c
// as one column of its field, each lane carries the value of its entry, and the rows of a chain see one column
// that stands for another number of the border in every entry (optim.LinearChain.Columns). A chain's triangle is
// scattered into the border once, at its end, so twenty entries cost 1.25 times what one shared parameter costs
// (a linearisation and a factorisation; one column an entry, by indicators, 2.1 times;
// BenchmarkValuesOf20Entries). A constant state q' = 0 would have needed exact defects in one state, and has no
// place for pieces of one file. Adjoints add their share lane by lane. A fitted parameter that some entries set
// goes the same way. After a fit conclude.Known turns the values into conditions (Entry.Set) of a closed model,
// so that location, proof, figures and profiles need nothing of this. Entries that are tests as a whole get
// theirs from a fit of their first half in the closed model (Searched.calibrate in conclude).
//
// # Priors and spreads
//
// A given prior is a row on the border (Linear.Prior). Spreads are rows (c_k − mean)/τ, the mean a column that
// no equation names; they come last (Linear.Late), because the triangle without them (Factor.Before) is what −2
// log of the restricted likelihood of τ is computed from, on a grid with golden sections, whenever the noise is
// re-estimated. EM would creep where τ is small. In the evidence the values are integrated out. Estimates are
// those at the best τ, but intervals are from mean squares around them over the posterior of τ
// (prior.Set.Widen): of six values as uncertain as they are spread, intervals at the best τ alone held 85 %,
// these hold 91 %. Windows of a long record leave priors out of their triangles; they join once.
//
// # Gradients
//
// Where a Levenberg–Marquardt step would be too large (fit.Options.optimiser: 2·10⁸ multiply-adds, a gigabyte),
// a trajectory fit eliminates the nodes by Gauss–Newton steps on chains without border and leaves L-BFGS to the
// columns (fit.reducedSpace): at the nodes' best the slope by the columns is one adjoint (reduced.Gradient,
// lanes of segments, sums over groups of blocks in order). The preconditioner is the damped information that
// some windows of the record hold on the columns, scaled to the whole (fit.windows); it also gives evidence and
// covariance. The annealing loop knows only fit.trainer. What is approximate then, and what was measured, is in
// docs/training.md.
package fit
