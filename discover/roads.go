package discover

import (
	"context"
	"sync"

	"govern/discover/terms"
	"govern/fit"
)

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
			if len(s.Library) == 0 {
				report(s.Engine, "fit", 0.3)
			} else {
				report(s.Engine, name, 0.2+0.1*float64(degree))
			}
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
