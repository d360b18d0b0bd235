package fit

import (
	"math"

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
	s.eachRow(l, func(_, _, channel int, row []float64) {
		r := row[len(row)-1] * s.sigma[channel]
		post.residual[channel] += r * r
		post.moment[channel] += r * r
		post.count[channel]++
	})
	post.evidence = objective + post.logNodes + s.logWeights()
	if weights := len(s.columns) - s.named; weights > 0 && s.held == nil {
		post.evidence += post.logBorder - float64(weights)*math.Log(ridge)
	}
	for c, n := range post.count {
		if n > 0 {
			post.evidence += float64(n) * 2 * math.Log(s.sigma[c])
		}
	}
	if variances {
		n := len(s.states)
		rows := map[[2]int][]localRow{}
		s.eachRow(l, func(chain, node, channel int, row []float64) {
			key := [2]int{chain, node}
			rows[key] = append(rows[key], localRow{channel, row})
		})
		f.NodeCovariances(func(chain, node int, cov []float64) {
			for _, r := range rows[[2]int{chain, node}] {
				v := 0.0
				for i := range n {
					for j := range n {
						v += r.row[i] * cov[i*n+j] * r.row[j]
					}
				}
				post.moment[r.channel] += v * s.sigma[r.channel] * s.sigma[r.channel]
			}
		})
	}
	return post
}

type localRow struct {
	channel int
	row     []float64
}

// eachRow visits the observation rows of l in order.
func (s *stage) eachRow(l *optim.Linear, visit func(chain, node, channel int, row []float64)) {
	width := len(s.states) + s.free() + 1
	for c := range s.chains {
		ch := &s.chains[c]
		lc := &l.Chains[c]
		for b := range ch.nodes {
			row := s.firstRow(ch, lc, b, 0)
			from, to := ch.samples(b)
			for i := from; i < to; i++ {
				for k, v := range ch.values {
					if v == nil || math.IsNaN(v[i]) {
						continue
					}
					visit(c, b, s.channels[k], lc.Local[row*width:(row+1)*width])
					row++
				}
			}
		}
	}
}

// updateSigma moves the noise of every channel of the stage to the posterior's
// estimate, within its floor and cap.
func (s *stage) updateSigma(post posterior) {
	for _, c := range s.channels {
		info := s.data.Channels[c]
		if info.Given || post.count[c] == 0 {
			continue
		}
		v := math.Sqrt(post.moment[c] / float64(post.count[c]))
		s.sigma[c] = math.Max(math.Min(v, info.cap()), info.Floor)
	}
}
