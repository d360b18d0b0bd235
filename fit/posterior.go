package fit

import (
	"math"

	"govern/fit/prior"
	"govern/optim"
)

// posterior is what one factorisation at a fitted point tells.
type posterior struct {
	objective           float64
	logNodes, logBorder float64
	// evidence is −2 log p(data) with the nodes integrated out by Laplace's
	// approximation and the named columns at their best, up to a constant of the
	// data. Weights are integrated out under their prior.
	evidence float64
	// moment is Σ (residual² + posterior variance) of each channel of the data,
	// count its samples.
	moment, residual []float64
	count            []int
}

// posteriorAt factorises the stage at p, which Linearise has last seen into l
// when fresh is false. Variances are computed only on request: they cost about
// as much as the factorisation.
func (s *stage) posteriorAt(p *optim.Point, l *optim.Linear, f *optim.Factor, variances bool) posterior {
	objective := s.Linearise(p, l)
	f.Eliminate(l, optim.Damping{})
	post := posterior{
		objective: objective,
		moment:    make([]float64, len(s.data.Channels)),
		residual:  make([]float64, len(s.data.Channels)),
		count:     make([]int, len(s.data.Channels)),
	}
	post.logNodes, post.logBorder = f.LogDet()
	s.eachRow(l, func(channel int, row []float64) {
		r := row[len(row)-1] * s.sigma[channel]
		post.residual[channel] += r * r
		post.moment[channel] += r * r
		post.count[channel]++
	})
	post.evidence = objective + post.logNodes + s.logWeights()
	if weights := len(s.columns) - s.named; weights > 0 && s.held == nil {
		post.evidence += post.logBorder - float64(weights)*math.Log(prior.Ridge)
	}
	if s.held == nil {
		post.evidence += s.priors.DrawnEvidence(f)
	}
	for c, n := range post.count {
		if n > 0 {
			post.evidence += float64(n) * 2 * math.Log(s.sigma[c])
		}
	}
	if variances {
		n := len(s.states)
		f.NodeCovariances(func(chain, node int, cov []float64) {
			s.nodeRows(l, chain, node, func(channel int, row []float64) {
				v := 0.0
				for i := range n {
					for j := range n {
						v += row[i] * cov[i*n+j] * row[j]
					}
				}
				post.moment[channel] += v * s.sigma[channel] * s.sigma[channel]
			})
		})
	}
	return post
}

// eachRow visits the observation rows of l in order.
func (s *stage) eachRow(l *optim.Linear, visit func(channel int, row []float64)) {
	for c := range s.chains {
		for b := range s.chains[c].nodes {
			s.nodeRows(l, c, b, visit)
		}
	}
}

// nodeRows visits the observation rows of one node's segment in order.
func (s *stage) nodeRows(l *optim.Linear, chain, node int, visit func(channel int, row []float64)) {
	width := len(s.states) + s.freeColumns() + 1
	ch, lc := &s.chains[chain], &l.Chains[chain]
	row := s.firstRow(ch, lc, node, 0)
	from, to := ch.samples(node)
	for i := from; i < to; i++ {
		for k, v := range ch.values {
			if v == nil || math.IsNaN(v[i]) {
				continue
			}
			visit(s.channels[k], lc.Local[row*width:(row+1)*width])
			row++
		}
	}
}

// updateSigma moves the noise of every channel of the stage to the posterior's
// estimate, within its floor and cap.
func (s *stage) updateSigma(post posterior) { s.data.updateSigma(s.sigma, post) }

func (d *Data) updateSigma(sigma []float64, post posterior) {
	for c, info := range d.Channels {
		if info.Given || post.count[c] == 0 {
			continue
		}
		v := math.Sqrt(post.moment[c] / float64(post.count[c]))
		sigma[c] = math.Max(math.Min(v, info.NoiseCap()), info.Floor)
	}
}
