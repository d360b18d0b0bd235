// Package journal remembers the steps of a computation and tells whoever watches how it goes.
// A step is computed once, or restored: that alone lets an interrupted run end with the
// same bits. Nothing here knows what a step computes.
package journal

// Journal remembers finished steps of a computation, so that an interrupted
// run can be resumed with the same bits. Every step is deterministic given the
// ones before it.
type Journal interface {
	// Do runs compute, which fills out, unless a finished step of that name is
	// remembered; then it restores out. Names are unique in a run, and Do may be
	// called from several goroutines. out is a pointer to an exported
	// gob-encodable struct. When compute fails nothing is remembered and its
	// error is returned.
	Do(name string, out any, compute func() error) error
}

// Under keeps steps apart that are done twice in a run: their names continue the
// prefix.
func Under(prefix string, j Journal) Journal { return under{prefix + "/", j} }

type under struct {
	prefix  string
	journal Journal
}

func (u under) Do(name string, out any, compute func() error) error {
	return u.journal.Do(u.prefix+name, out, compute)
}

// Row is one iteration, as it appears in history.csv.
type Row struct {
	Stage     string // name of the journal step it belongs to
	Iteration int
	Objective float64 // −2 log posterior, up to a constant of the stage
	Damping   float64 // Levenberg–Marquardt λ
	Omega     float64 // defect weight
	Terms     int     // number of active coefficients

	Observations int     // samples that the objective is a sum over; 0 where it is no sum of squares
	Segment      int     // samples a segment
	Gain         float64 // of a channel that can be trusted, per unit of time
	// Noise is σ of every channel of the data in its standard deviations; nil where
	// it is not told.
	Noise []float64
}

// Monitor is told what happens. Its methods may be called from several
// goroutines.
type Monitor interface {
	Row(Row)
	// Stage says that a stage begins; done is the fraction of the whole run
	// finished so far, in [0, 1].
	Stage(name string, done float64)
	// Warn records a warning for the user.
	Warn(text string)
}
