// Package govern discovers the governing equations of chaotic and neural
// dynamics from time series. It is the front door of the library: a problem
// goes in, a proved formula comes out.
//
//	p, err := problem.Load("problem.yaml")
//	…
//	out, err := govern.Discover(ctx, p, govern.Settings{})
//	…
//	fmt.Println(*out.Result.Unknowns["f"].Expression)
//
// Around it: package profile follows the likelihood along one number of a finished run,
// package compare trains a problem by several methods with one budget, and package
// task keeps runs in directories, where they can be resumed.
package govern

import (
	"context"
	"slices"

	"govern/conclude"
	"govern/discover"
	"govern/fit"
	"govern/problem"
	"govern/run"
	"govern/tell"
	"govern/verdict"
)

// Settings of a run; the zero value is the default.
type Settings = conclude.Settings

// Outcome is what a run leaves.
type Outcome = tell.Outcome

// Discover finds the unknowns of a problem as formulas, refits them on all
// data, and proves them by free runs from held-out starts.
func Discover(ctx context.Context, p *problem.Problem, s Settings) (*Outcome, error) {
	return solve(ctx, p, s, func(ctx context.Context, e *fit.Engine) (*discover.Result, error) {
		return discover.Run(ctx, e, p.Discover)
	})
}

// Fit trains what a problem leaves open without searching a formula: fitted
// parameters, neural forms, or whole libraries (discover.Fit). Refit and proof are
// those of Discover. The error is a *discover.MixedError when some unknowns have
// a library and others a neural form.
func Fit(ctx context.Context, p *problem.Problem, s Settings) (*Outcome, error) {
	if _, err := discover.TrainsNetworks(p.Model); err != nil {
		return nil, err
	}
	return solve(ctx, onTrajectories(p), s, func(ctx context.Context, e *fit.Engine) (*discover.Result, error) {
		return discover.Fit(ctx, e, p.Discover)
	})
}

// Extract searches formulas on the neural forms of an earlier run of the problem, as
// Discover does on those that it trains itself: from what they were before they
// saw the held-out entries, brought to rest on the training entries. The error
// is a *MismatchError when they are not those of the problem's unknowns.
func Extract(ctx context.Context, p *problem.Problem, trained *run.UDE, s Settings) (*Outcome, error) {
	from, err := startOf(trained, p.PerEntry())
	if err != nil {
		return nil, err
	}
	return solve(ctx, onTrajectories(p), s, func(ctx context.Context, e *fit.Engine) (*discover.Result, error) {
		return discover.Extract(ctx, e, p.Discover, from.forms, from.parameters, from.omega)
	})
}

// Assess proves a closed model against data as it stands: nothing is fitted but
// the states along the record and the noise. Parameters keep their values, those
// marked for a fit too. The error is a *conclude.OpenModelError when something is unknown.
func Assess(ctx context.Context, p *problem.Problem, s Settings) (*Outcome, error) {
	if len(p.Model.Unknowns) > 0 {
		return nil, &conclude.OpenModelError{Unknown: p.Model.Unknowns[0].Name}
	}
	m := *p.Model
	m.Parameters = slices.Clone(m.Parameters)
	for i := range m.Parameters {
		m.Parameters[i].Fit = false
	}
	q := *p
	q.Model = &m
	return Discover(ctx, &q, s)
}

// onTrajectories is the problem without the baseline method, which trains
// nothing.
func onTrajectories(p *problem.Problem) *problem.Problem {
	q := *p
	q.Discover.Method = discover.MethodLibrary
	return &q
}

// solve answers a problem by a search, judges the answer, and tells it.
func solve(ctx context.Context, p *problem.Problem, s Settings, by conclude.Search) (*Outcome, error) {
	answer, err := conclude.Solve(ctx, p, s, by, verdict.Accepts)
	if err != nil {
		return nil, err
	}
	return tell.Tell(ctx, answer, verdict.Of(answer))
}
