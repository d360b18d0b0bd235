package tell

import (
	"context"
	"math"
	"slices"
	"testing"

	"govern/assess"
	"govern/report"
	"govern/run"
)

// withTracks are the trajectories of an answer whose fitted path is off by some of x.
func withTracks(w writer, off float64) *Outcome {
	out := &Outcome{Page: &report.Page{}, Trajectories: &run.Trajectories{}}
	for _, e := range w.All {
		track := run.Track{Entry: e.Name, Time: e.Times}
		for c, ch := range e.Channels {
			fitted := slices.Clone(ch.Values)
			for i := range fitted {
				if c == 0 {
					fitted[i] -= off
				}
			}
			track.Channels = append(track.Channels, run.TrackChannel{Name: ch.Column, Data: ch.Values, Nudged: fitted})
		}
		out.Trajectories.Entries = append(out.Trajectories.Entries, track)
	}
	return out
}

func TestInnovationsAreInDeviationsOfTheNoise(t *testing.T) {
	w := answered(t)
	w.Whole.Channels[1].Floor = 0.02 // what is assumed of v
	w.All[0].Channels[0].Values[5] = math.NaN()
	out := withTracks(w, 0.03)
	w.innovations(out)
	v := out.Page.Innovations
	if len(v) != 2 || v[0].Column != "x" || v[0].Unit != "mV" || v[0].Assumed || !v[1].Assumed || !near(v[0].Step, step) {
		t.Fatalf("%+v", v)
	}
	if len(v[0].Values) != 200+1+50+1 || !math.IsNaN(v[0].Values[5]) || !math.IsNaN(v[0].Values[200]) {
		t.Errorf("%d innovations", len(v[0].Values))
	}
	for i, x := range v[0].Values {
		if !math.IsNaN(x) && math.Abs(x-3) > 1e-9 {
			t.Errorf("innovation %d: %g, want 0.03/0.01", i, x)
		}
	}
	// Two cycles of 63 samples, but a quarter of the record at most.
	if n := len(v[1].Autocorrelation); n != 248/4+1 {
		t.Errorf("%d lags", n)
	}
	// Correlated noise of a fit is larger than that of a sample.
	w.Whole.Channels[0].Correlation = 0.6
	out = withTracks(w, 0.03)
	w.innovations(out)
	if x := out.Page.Innovations[0].Values[0]; math.Abs(x-6) > 1e-9 {
		t.Errorf("with ρ = 0.6: %g", x)
	}
}

func TestTheFreeRunOfTheMedianValidTimeIsDrawn(t *testing.T) {
	w := answered(t)
	page := &report.Page{}
	if w.heldOut(page); page.FreeRuns != nil {
		t.Error("a free run out of nothing")
	}
	for k, valid := range []float64{9, 2, 5} {
		w.Proof.Runs = append(w.Proof.Runs, assess.FreeRun{Data: swing("a.csv", 10*k, 600), Value: long(swing("a.csv", 10*k, 600)), Valid: valid, Open: k == 1})
	}
	w.heldOut(page)
	s := page.FreeRuns
	if len(s) != 1 || s[0].Time[0] != 2 || len(s[0].Marks) != 1 || s[0].Marks[0].At != 2+5 {
		t.Fatalf("%+v", s)
	}
	// Four valid times, or three cycles: of 20 and 18.85.
	n := len(s[0].Time)
	if end := s[0].Time[n-1] - s[0].Time[0]; math.Abs(end-20) > step || len(s[0].Channels[0].Data) != n || len(s[0].Channels[1].Free) != n {
		t.Errorf("drawn over %g", end)
	}
	if w.Proof.Runs[0].Valid != 9 {
		t.Error("the runs themselves were sorted")
	}
	w.Proof.Runs = w.Proof.Runs[1:2] // one that was valid to its end
	page = &report.Page{}
	w.heldOut(page)
	if s := page.FreeRuns[0]; len(s.Marks) != 0 || math.Abs(s.Time[len(s.Time)-1]-s.Time[0]-3*w.Proof.Cycle) > step {
		t.Errorf("%+v over %g", s.Marks, s.Time[len(s.Time)-1]-s.Time[0])
	}
}

func TestALongEntryIsEnlargedOverEightCycles(t *testing.T) {
	w := answered(t)
	page := &report.Page{}
	if err := w.closeUp(context.Background(), page); err != nil || page.CloseUps != nil {
		t.Errorf("three cycles were enlarged (%v)", err)
	}
	w.Proof.Cycle = 1 // eight of them are 80 samples
	if err := w.closeUp(context.Background(), page); err != nil {
		t.Fatal(err)
	}
	s := page.CloseUps
	if len(s) != 1 || len(s[0].Time) < 80 || len(s[0].Time) > 81 || len(s[0].Channels) != 2 {
		t.Fatalf("%+v", s)
	}
	for c, ch := range s[0].Channels {
		for i := range ch.Data {
			if ch.Nudged[i] != ch.Data[i] || math.Abs(ch.Free[i]-ch.Data[i]) > 1e-4 {
				t.Fatalf("channel %d, sample %d: data %g, fitted %g, free %g", c, i, ch.Data[i], ch.Nudged[i], ch.Free[i])
			}
		}
	}
	w.Proof.Cycle = 0.1
	page = &report.Page{}
	if err := w.closeUp(context.Background(), page); err != nil || len(page.CloseUps[0].Time) != 60 {
		t.Errorf("%d samples, sixty are the least (%v)", len(page.CloseUps[0].Time), err)
	}
}
