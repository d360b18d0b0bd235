package govern_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"govern"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
)

// Asked for long segments, a discovery goes there from the formula that short ones
// have found: the same terms, within the intervals, on the whole record or as far as
// chaos allows, which it says.
func TestLongSegmentsGrowFromShortOnes(t *testing.T) {
	quick.Skip(t)
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.1, Samples: 500, Seed: 31, Transient: 200, Noise: map[string]float64{"x": 0.02, "z": 0.02}}
	short, err := govern.Discover(context.Background(), write(t, c, hiddenRossler), govern.Settings{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	long, err := govern.Discover(context.Background(), write(t, c, hiddenRossler+"fit: {segment: 500}\n"), govern.Settings{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if short.Result.Segments != nil {
		t.Errorf("segments are told of where none were asked for: %+v", short.Result.Segments)
	}
	s := long.Result.Segments
	if s == nil || s.Asked != 500 || s.Used < 100 {
		t.Fatalf("segments %+v", s)
	}
	if said := strings.Contains(strings.Join(long.Result.Warnings, "\n"), "segments of 500 samples were asked for"); said != (s.Reason != "") {
		t.Errorf("reason %q, warnings %q", s.Reason, long.Result.Warnings)
	}
	a, b := short.Result.Unknowns["f"].Terms, long.Result.Unknowns["f"].Terms
	if len(a) != len(b) {
		t.Fatalf("%d terms on short segments, %d on long ones", len(a), len(b))
	}
	for i := range a {
		if half := float64(a[i].High-a[i].Low) / 2; a[i].Term != b[i].Term || math.Abs(float64(b[i].Coefficient-a[i].Coefficient)) > half {
			t.Errorf("%v on short segments, %v on long ones", a[i], b[i])
		}
	}
}
