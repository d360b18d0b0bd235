package assess

import (
	"govern/dynamics"
	"govern/note"
	"govern/record"
	"govern/series"
)

// leastSamples is how long a record must be for its histogram and spectrum to
// say something.
const leastSamples = 200

// distances compares the long free run with the training entry it was started
// in: histograms of states, spectra and cycles, the first two beside the
// distance of the entry's own halves.
func (p *Proof) distances(in Input, entry record.Entry, index int) error {
	path := in.Path[index]
	times := entry.Times
	if len(path[0]) != len(times) { // nodes are sparser than samples
		times = sampleEvenly(times, len(path[0]))
	}
	model := make([][]float64, len(path))
	for s := range model {
		model[s] = sampleEvenly(p.Long.Values[s], len(path[s]))
	}
	p.rhythm(times, path, model)
	if len(times) < leastSamples {
		return nil
	}
	var err error
	if p.AttractorDistance, err = dynamics.AttractorDistance(path, model); err != nil {
		return err
	}
	if p.AttractorFloor, err = dynamics.AttractorFloor(path); err != nil {
		return err
	}
	if _, even := series.Regular(times); !even {
		p.Notes = append(p.Notes, note.Of(note.NoSpectrum, "", "the sampling is irregular: the spectrum distance is left out"))
		return nil
	}
	if p.SpectrumDistance, err = dynamics.SpectrumDistance(path, model); err != nil {
		return err
	}
	p.SpectrumFloor, err = dynamics.SpectrumFloor(path)
	return err
}

// rhythm measures the mean cycle of data and model on the state that cycles most
// often in the data.
func (p *Proof) rhythm(times []float64, path, model [][]float64) {
	most := dynamics.Rhythm{Cycles: 1}
	for s := range path {
		r := dynamics.MeasureRhythm(times, path[s])
		if r.Cycles <= most.Cycles {
			continue
		}
		most = r
		p.Cycle, p.ModelCycle = r.Return, dynamics.MeasureRhythm(times, model[s]).Return
	}
	if !p.Chaotic {
		p.Horizon = 3 * p.Cycle
	}
}

// sampleEvenly picks n of the values of x at equal distances, the first and the last
// among them.
func sampleEvenly(x []float64, n int) []float64 {
	if len(x) <= n || n < 2 {
		return x
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = x[i*(len(x)-1)/(n-1)]
	}
	return out
}
