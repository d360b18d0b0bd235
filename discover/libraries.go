package discover

import (
	"context"
	"fmt"
	"sync"

	"govern/discover/terms"
	"govern/fit"
)

// libraries tries libraries of rising degree until one more promises nothing.
func libraries() way {
	return way{
		name: "libraries",
		cost: Moderate,
		when: "always: polynomials of rising degree and named functions, until a larger library promises nothing",
		run:  func(ctx context.Context, f *finder) (*Result, error) { return nil, f.libraries(ctx) },
	}
}

// libraries tries libraries of rising degree until one more promises nothing.
func (f *finder) libraries(ctx context.Context) error {
	return f.climb(ctx, degrees{1, f.options.Degree}, nil)
}

// degrees of libraries that a search goes through, in rising order.
type degrees struct{ from, to int }

// climb is libraries between two degrees. After each degree the search may be
// left: where after, if it is given, says so.
func (f *finder) climb(ctx context.Context, which degrees, after func(degree int) (leave bool, err error)) error {
	for degree := which.from; degree <= which.to; degree++ {
		library, same := terms.Libraries(f.engine.Data.Model, degree)
		library, err := f.determined(library)
		if err != nil {
			return err
		}
		library = terms.Multiplied(library, f.indicators)
		if degree > which.from && same {
			break // every library is given: one round
		}
		s := terms.NewSelection(f.engine, library, f.options.Penalty)
		name := fmt.Sprintf("%sdegree-%d", f.prefix, degree)
		if f.best != nil && f.best.passed() && !f.best.exhausted() {
			more, err := s.Promises(ctx, name+"/promise", f.best.fit)
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
		found, err := f.tryLibrary(ctx, s, name, degree, f.path)
		if err != nil {
			return err
		}
		if f.held != nil {
			more, err := f.tryLibrary(ctx, s, name+"-held", degree, f.held)
			if err != nil {
				return err
			}
			found = append(found, more...)
		}
		if !f.consider(found) && f.best != nil && f.best.passed() {
			break
		}
		if after != nil {
			if leave, err := after(degree); leave || err != nil {
				return err
			}
		}
	}
	return nil
}

// determined leaves out of a library what a few values of an argument cannot tell apart.
func (f *finder) determined(library []fit.Term) ([]fit.Term, error) {
	d := f.engine.Data
	for u, unknown := range d.Model.Unknowns {
		arguments, err := d.Arguments(f.path, u)
		if err != nil {
			return nil, err
		}
		library = terms.Determined(library, u, unknown.Arguments, terms.Levels(arguments))
	}
	return library, nil
}

// tryLibrary runs the roads of a degree from a path. A wary search takes none where the
// whole library does not explain the data.
func (f *finder) tryLibrary(ctx context.Context, s *terms.Selection, name string, degree int, path *fit.Smoothed) ([]*candidate, error) {
	if f.wary && len(s.Library) > 0 {
		var err error
		if s.Started, err = s.StartAll(ctx, name+"/full", path); err != nil || !passed(checkFit(f.engine.Data, s.Started)) {
			return nil, err
		}
		defer func() { s.Started = nil }() // it belongs to this path
	}
	if len(s.Library) == 0 {
		report(s.Engine, "parameters", 0.3)
	} else {
		report(s.Engine, fmt.Sprintf("libraries of degree %d", degree), 0.2+0.1*float64(degree))
	}
	return roads(ctx, s, name, degree, f.options, path)
}

// roads runs the roads of one degree side by side.
func roads(ctx context.Context, s *terms.Selection, prefix string, degree int, o Options, sm *fit.Smoothed) ([]*candidate, error) {
	var out []*candidate
	switch {
	case len(s.Library) == 0: // both roads are one
		out = append(out, &candidate{road: "full"})
	case o.Roads == "both":
		out = append(out, &candidate{road: "grown"}, &candidate{road: "full"})
	default:
		out = append(out, &candidate{road: o.Roads})
	}
	errs := make([]error, len(out))
	var wg sync.WaitGroup
	for i, c := range out {
		wg.Add(1)
		go func() {
			defer wg.Done()
			name := prefix + "/" + c.road
			walk := s.Grow
			switch c.road {
			case "full":
				walk = s.PruneAll
			case roadWhole:
				walk = s.FitAll
			}
			c.search, c.degree = s, degree
			c.fit, errs[i] = walk(ctx, name, sm)
			if errs[i] == nil {
				c.checks = checkFit(s.Engine.Data, c.fit)
			}
		}()
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
