package fit

import (
	"context"
	"runtime"

	"govern/optim"
)

// Stream is stream, for records that are short enough to be fitted whole too.
func Stream(e *Engine, start *Fitted, schedule Schedule) (*Fitted, error) {
	return e.stream(context.Background(), "stream", start, schedule)
}

// StageBytes is what the stage of the first window of a stream allocates, its rows and
// its factor included, on segments of the engine's length.
func StageBytes(e *Engine, at *Fitted) (uint64, error) {
	s := &streaming{engine: e, at: at, windows: e.Data.cutWindows(streamWindow, e.segment())}
	w := s.windows[0]
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	st, err := s.stage(w, at.Terms)
	if err != nil {
		return 0, err
	}
	var l optim.Linear
	var f optim.Factor
	p := st.point()
	copy(p.Nodes[0], s.nodes(w))
	copy(p.Border, at.Coefficients)
	copy(p.Border[len(at.Terms):], at.Parameters)
	st.Linearise(p, &l)
	f.Eliminate(&l, optim.Damping{})
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, nil
}

// Thin is thin.
func Thin(e *Engine, path [][]float64) [][]float64 { return e.thin(path) }
