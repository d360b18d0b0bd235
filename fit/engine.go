package fit

import (
	"govern/journal"
)

// Engine runs the fits of one problem.
type Engine struct {
	Data    *Data
	Options Options
	Workers int    // 0: all cores
	Seed    uint64 // of the random starts of networks
	Journal journal.Journal
	Monitor journal.Monitor
}

func (e *Engine) do(name string, out any, compute func() error) error {
	if e.Journal == nil {
		return compute()
	}
	return e.Journal.Do(name, out, compute)
}

func (e *Engine) segment() int { return max(e.Options.Segment, 1) }

// Options of the engine; the zero value is the default of every field. The
// keys are those of a problem file's `fit:` section.
type Options struct {
	Segment    int     `yaml:"segment" json:"segment"`       // samples a segment; 0: 1. Those that a problem asks for are reached by Grow
	Substeps   int     `yaml:"substeps" json:"substeps"`     // Runge–Kutta steps a sample; 0: chosen by step doubling
	Omega      float64 `yaml:"omega" json:"omega"`           // final defect weight; 0: by evidence
	Iterations int     `yaml:"iterations" json:"iterations"` // Levenberg–Marquardt steps of the last stage, five times as many by gradients; 0: 40
	Optimiser  string  `yaml:"optimiser" json:"optimiser"`   // of trajectory fits: one of Optimisers; "": auto
}
