package report

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"
)

func TestPagesOfTheirOwnAreSelfContainedAndWellFormed(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	landscape := &Landscape{Title: "a < b", Parameter: "c", Values: []float64{1, 2, 3, 4, 5}, Panels: []LandscapePanel{
		{"gain 0", []float64{1, 3, nan, 2, 1e-3}}, {"gain 5", []float64{1, 0.3, 0.2, 0.1, 1e-5}}}}
	profile := &Profile{Title: "a < b", Parameter: "x*y", Text: []string{"one", "two"}, Values: []float64{1, 2, 3, 4, 5}, Rise: []float64{9, 4, 0, 3, 8},
		Value: 3, Sigma: 0.8, Level: 3.84, Low: 2.1, High: nan}
	comparison := &Comparison{Title: "a < b", Subtitle: "how", Notes: []string{"what"}, Level: 0.1, Methods: []ComparedMethod{
		{Name: "plain", Form: "library", Setting: "1", Trained: "free", Median: inf, Tried: 4, Success: 1, Count: 2, Seconds: 1.5, Trials: []ComparedPath{
			{[]float64{1, 2}, []float64{3, 4}, []float64{0.5, inf}}, {[]float64{1, 2}, []float64{3, 4}, []float64{0.5, 1e-7}}}},
		{Name: "both", Median: 0.2, Trials: []ComparedPath{{[]float64{1, 2}, []float64{3, 40}, []float64{0.5, 0.02}}}},
	}}
	for name, c := range map[string]struct {
		write   func(io.Writer) error
		figures int
	}{
		"landscape":  {func(w io.Writer) error { return RenderLandscape(w, landscape) }, 1},
		"profile":    {func(w io.Writer) error { return RenderProfile(w, profile) }, 1},
		"comparison": {func(w io.Writer) error { return RenderComparison(w, comparison) }, 2},
	} {
		var b bytes.Buffer
		if err := c.write(&b); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		wellFormed(t, page)
		if !strings.HasPrefix(page, "<!DOCTYPE html>") || !strings.HasSuffix(page, "</html>\n") || !strings.Contains(page, "<title>a &lt; b – govern</title>") || !strings.Contains(page, "prefers-color-scheme") {
			t.Errorf("%s: the page lacks its head, its title, its style or its end", name)
		}
		if outside := leaves(page); outside != "" {
			t.Errorf("%s: the page refers to the outside: %s", name, outside)
		}
		if n := strings.Count(page, "<svg"); n != c.figures || strings.Count(page, "<figcaption") != n {
			t.Errorf("%s: %d figures with %d captions, want %d", name, n, strings.Count(page, "<figcaption"), c.figures)
		}
	}
}
