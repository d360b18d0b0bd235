package tell

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"govern/assess"
	"govern/dynamics"
	"govern/expr"
	"govern/record"
	"govern/report"
	"govern/series"
)

// longRun compares the long free run with the training entry on whose times it
// was made: portraits of what was measured, of the states, and spectra.
func (w writer) longRun(page *report.Page) error {
	if w.Proof.Long == nil {
		return nil
	}
	entry := w.Train[w.Proof.Longest]
	long, err := assess.Observe(w.Closed, w.withValues(entry), w.Proof.Long)
	if err != nil {
		return err
	}
	w.measuredPortrait(page, entry, long)
	w.maxima(page, entry, long)
	w.statesPortrait(page, entry)
	for c, ch := range entry.Channels {
		if s, ok := spectrumOf(entry.Times, ch, long[c], w.Proof.Cycle); ok {
			page.Spectra = append(page.Spectra, s)
		}
	}
	return nil
}

// clean is the noise, in standard deviations, beyond which a channel's portrait
// shows noise only.
const clean = 0.5

// measuredPortrait sets the data of up to three channels beside the free run; a
// single one against itself a little before.
func (w writer) measuredPortrait(page *report.Page, entry record.Entry, long [][]float64) {
	var axes []report.Axis
	for c, ch := range entry.Channels {
		i := w.Data.Channel(ch)
		if i >= 0 && w.Found.Chosen.Sigma[i] < clean*w.Data.Channels[i].Std && len(axes) < 3 {
			axes = append(axes, report.Axis{Name: ch.Column, Unit: ch.Unit, Data: ch.Values, Model: long[c]})
		}
	}
	switch {
	case len(axes) > 1:
		page.Portraits = append(page.Portraits, report.Portrait{Axes: axes,
			Caption: "Phase portraits, channel against channel: the data as measured, with their noise (left), and the formula running free over as long a time (right), on the same axes. " +
				"On a chaotic attractor the two agree as sets, not point by point."})
	case len(axes) == 1:
		a := axes[0]
		n := len(entry.Times)
		step := (entry.Times[n-1] - entry.Times[0]) / float64(n-1)
		lag := max(1, int(math.Round(w.Data.Time/step)))
		if lag >= n/4 {
			return
		}
		for k, r := range series.Autocorrelation(a.Data, lag) {
			if r < 1/math.E { // spikes decorrelate sooner
				lag = k
				break
			}
		}
		before := report.Axis{Name: fmt.Sprintf("%s(t − %s)", a.Name, strconv.FormatFloat(float64(lag)*step, 'g', 3, 64)), Unit: a.Unit,
			Data: a.Data[:n-lag], Model: a.Model[:n-lag]}
		now := report.Axis{Name: a.Name + "(t)", Unit: a.Unit, Data: a.Data[lag:], Model: a.Model[lag:]}
		page.Portraits = append(page.Portraits, report.Portrait{Axes: []report.Axis{before, now},
			Caption: "Delay portraits: " + a.Name + " against itself a little before (where its autocorrelation falls to 1/e, at most a quarter of its fastest cycle), which shows the attractor though only one channel is clean enough. Left: the data as measured, with their noise; " +
				"right: the formula running free over as long a time, on the same axes. The two agree as sets, not point by point."})
	}
}

// statesPortrait sets the fitted path beside the free run, state by state.
func (w writer) statesPortrait(page *report.Page, entry record.Entry) {
	n := len(w.Closed.States)
	if n < 2 || w.seen(entry) {
		return
	}
	var axes []report.Axis
	for s := range min(n, 3) {
		name := w.Closed.States[s].Name
		a := report.Axis{Name: name, Unit: w.unit(name), Model: w.Proof.Long.Values[s]}
		for e := range w.Train {
			for k := s; k < len(w.Final.Nodes[e]); k += n {
				a.Data = append(a.Data, w.Final.Nodes[e][k])
			}
			a.Data = append(a.Data, math.NaN())
		}
		axes = append(axes, a)
	}
	page.Portraits = append(page.Portraits, report.Portrait{Axes: axes, Left: "fitted path, nudged",
		Caption: "Phase portraits of the states, hidden ones too: the path fitted to the data with all help (left), and the formula running free over as long a time (right), on the same axes."})
}

// seen says that the portrait of the channels shows the states already: up to
// three, each measured by a clean channel of its own.
func (w writer) seen(entry record.Entry) bool {
	if len(w.Closed.States) > 3 {
		return false
	}
	for _, s := range w.Closed.States {
		i := slices.IndexFunc(entry.Channels, func(ch record.Channel) bool {
			k := w.Data.Channel(ch)
			return ch.Observe.Kind == expr.Name && ch.Observe.Ident == s.Name && k >= 0 && w.Found.Chosen.Sigma[k] < 0.05*w.Data.Channels[k].Std
		})
		if i < 0 {
			return false
		}
	}
	return true
}

// maxima adds the return map of the cleanest channel: every maximum against the
// one before. Noise makes maxima of its own, so they must stand out.
func (w writer) maxima(page *report.Page, entry record.Entry, long [][]float64) {
	const least, prominence = 12, 0.3
	best, at := math.Inf(1), -1
	for c, ch := range entry.Channels {
		if i := w.Data.Channel(ch); i >= 0 && w.Found.Chosen.Sigma[i]/w.Data.Channels[i].Std < best {
			best, at = w.Found.Chosen.Sigma[i]/w.Data.Channels[i].Std, c
		}
	}
	if at < 0 || best > 0.05 || !w.Proof.Chaotic {
		return
	}
	ch := entry.Channels[at]
	swing := prominence * w.Data.Channels[w.Data.Channel(ch)].Std
	data, model := series.Maxima(ch.Values, swing), series.Maxima(long[at], swing)
	if len(data) < least || len(model) < least {
		return
	}
	page.Portraits = append(page.Portraits, report.Portrait{Dots: true, Axes: []report.Axis{
		{Name: "maximum of " + ch.Column, Unit: ch.Unit, Data: data[:len(data)-1], Model: model[:len(model)-1]},
		{Name: "next maximum", Unit: ch.Unit, Data: data[1:], Model: model[1:]},
	}, Caption: "Return maps: every maximum of " + ch.Column + " against the one before it, in the data (left) and in the formula running free over as long a time (right), on the same axes. " +
		"Points on a line are the fingerprint of low-dimensional chaos; both should draw the same line."})
}

// spectrumOf is the spectrum of a channel beside that of the free run, in
// stretches of eight cycles at least; false where the channel has gaps or is
// sampled irregularly, or the free run ended early.
func spectrumOf(times []float64, ch record.Channel, model []float64, cycle float64) (report.Spectrum, bool) {
	const cycles, fewest = 8, 64
	step, regular := series.Regular(times)
	if !regular {
		return report.Spectrum{}, false
	}
	stretch := fewest
	for float64(stretch)*step < cycles*cycle && 2*stretch <= len(times)/2 {
		stretch *= 2
	}
	s := report.Spectrum{Name: ch.Column, Unit: ch.Unit}
	var err error
	if s.Frequency, s.Data, err = dynamics.PowerSpectrum(ch.Values, step, stretch); err != nil {
		return s, false
	}
	_, s.Model, err = dynamics.PowerSpectrum(model, step, stretch)
	return s, err == nil
}
