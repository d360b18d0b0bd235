package fit

import (
	"context"
	"fmt"

	"govern/optim"
)

// A fit is tightened in this many stages, each by this factor, as long as the
// evidence gains or stays the same within evenEvidence.
const (
	tightenings   = 3
	tightenFactor = 0.1
	tightenSteps  = 100
	evenEvidence  = 0.1
)

// Tighten holds a fit that the data allowed the lowest defects of a search to
// ever smaller ones, until the evidence prefers larger ones or sees no
// difference. A search stops at OmegaEnd because defects help it to converge; but
// over a long record they forget: at OmegaEnd what the start of a hidden state's
// cycle says of its end is lost, and coefficients are several times less certain than
// the data could make them. With none they are as good as multiple shooting's
// with exact matching, whose limit this is. A fit that is left with larger
// defects, is driven, holds networks, streams or is too large for
// Levenberg–Marquardt is returned as it is, and so is one whose next stage does
// not converge.
//
// Cost: up to four refits, of more Runge–Kutta steps where smaller defects ask
// for them.
func (e *Engine) Tighten(ctx context.Context, name string, f *Fitted) (*Fitted, error) {
	if !e.tightens(f) {
		return f, nil
	}
	// Evidence compares fits of one stage only: a search may have counted it with other nodes and columns.
	best, err := e.Trajectory(ctx, name+"-from", f, Schedule{To: f.Omega, Noise: true})
	if err != nil || best.Status == optim.Failed {
		return f, err
	}
	for k := range tightenings {
		start := *best
		if e.Options.Substeps == 0 {
			start.Substeps = 0
		}
		next, err := e.Trajectory(ctx, fmt.Sprintf("%s-%d", name, k), &start, Schedule{To: best.Omega * tightenFactor, Iterations: tightenSteps, Noise: true})
		if err != nil {
			return nil, err
		}
		if !(next.Evidence <= best.Evidence+evenEvidence) || next.Status != optim.Converged && best.Status == optim.Converged {
			break
		}
		even := next.Evidence > best.Evidence-evenEvidence
		if best = next; even {
			break
		}
	}
	return best, nil
}

func (e *Engine) tightens(f *Fitted) bool {
	if f.Driven || f.LeavesDefect() || e.Options.Omega > 0 || len(f.Forms) > 0 || len(f.Spreads) > 0 || f.Status == optim.Failed || e.streams(f, Schedule{}) {
		return false
	}
	nodes := 0
	for _, x := range f.Nodes {
		nodes += len(x) / len(e.Data.Model.States)
	}
	return e.Options.optimiser(nodes, len(e.Data.Model.States), len(e.Data.Channels), len(f.Terms)+len(f.Parameters)) == LM
}
