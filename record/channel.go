package record

import (
	"fmt"
	"math"

	"govern/expr"
)

// ChannelInfo is a channel of all entries that have it.
//
// Where the noise of a channel has several levels each is a channel.
type ChannelInfo struct {
	Column  string
	Unit    string
	Observe *expr.Expr // definitions expanded
	Std     float64    // of the data
	Count   int        // samples present
	// Sigma0 is the noise estimated from differences, an upper bound in
	// expectation; the given noise where Given.
	Sigma0 float64
	Given  bool
	// Differences is the estimate from differences also where the noise is given; 0
	// where there are too few samples for one.
	Differences float64
	// Correlation of the noise from sample to sample; the noise of every fit is then
	// Inflation times that of a sample.
	Correlation float64
	// Slow is the noise that differences over longer strides show, where the
	// sampling is dense enough to tell it from the signal: noise that is not white
	// hides from neighbouring samples. At least Sigma0.
	Slow float64
	// Floor is the smallest noise assumed: 1e-4 standard deviations or the
	// quantisation step / √12.
	Floor float64
	// Level is that of its entries' channels, Files are their names where the data have
	// others; nil where they have not.
	Level int
	Files []string
}

// Inflation is √((1+ρ)/(1−ρ)): white noise so much larger has the power of AR(1)
// noise with correlation ρ at frequencies far below that of the sampling, where
// the motion is. A fit that takes the noise for white and so much larger weighs
// data, defects and terms as the correlated noise deserves; 1 for white noise.
func (c ChannelInfo) Inflation() float64 {
	return math.Sqrt((1 + c.Correlation) / (1 - c.Correlation))
}

// Label names a channel: by its column, and where its noise has several levels by
// the files of this one.
func (c ChannelInfo) Label() string {
	switch n := len(c.Files); n {
	case 0:
		return c.Column
	case 1:
		return c.Column + " of " + c.Files[0]
	case 2:
		return c.Column + " of " + c.Files[0] + " and " + c.Files[1]
	default:
		return fmt.Sprintf("%s of %s and %d other files", c.Column, c.Files[0], n-1)
	}
}

// NoiseCap is the largest noise that a stage may assume for channel i.
func (c ChannelInfo) NoiseCap() float64 {
	if c.Given {
		return c.Sigma0
	}
	return 1.1 * c.Slow
}

// Misgiven says that the noise given for a channel is far from what its samples
// show, with what to look at; empty where it is not. Estimates from differences
// take motion for noise where the sampling is coarse: cycle, the samples of one,
// decides whether a smaller noise can be doubted.
func (c ChannelInfo) Misgiven(cycle float64) string {
	const far, dense = 4, 25
	if !c.Given || c.Differences == 0 || c.Differences < c.Floor {
		return ""
	}
	if c.Sigma0 > far*c.Differences || c.Sigma0 < c.Differences/far && cycle > dense {
		return fmt.Sprintf("noise of %s is given as %.3g, but neighbouring samples scatter by %.2g", c.Label(), c.Sigma0, c.Differences)
	}
	return ""
}
