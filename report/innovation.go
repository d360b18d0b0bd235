package report

import (
	"fmt"
	"math"
)

// innovationFigure draws, channel below channel, the autocorrelation of the
// innovations beside their histogram with the normal density.
func innovationFigure(list []Innovation, timeUnit, prefix string) string {
	const (
		left, right, top = 66.0, 8.0, 22.0
		between, height  = 72.0, 120.0
		bottom           = 46.0
		width            = (figureWidth - left - right - between) / 2
		reach, bins      = 4.0, 32
	)
	c := &canvas{width: figureWidth, height: float64(len(list)) * (top + height + bottom), prefix: prefix}
	for i, v := range list {
		y0 := top + float64(i)*(top+height+bottom)
		count, beyond := 0, 0
		var share [bins]float64
		for _, r := range v.Values {
			if math.IsNaN(r) {
				continue
			}
			count++
			if math.Abs(r) >= reach {
				beyond++
				continue
			}
			share[min(int((r+reach)/(2*reach)*bins), bins-1)]++
		}
		// Autocorrelation.
		after := v.Autocorrelation[min(1, len(v.Autocorrelation)):] // at lag 0 it is 1
		lags := make([]float64, len(after))
		for k := range lags {
			lags[k] = float64(k+1) * v.Step
		}
		limit := 1.96 / math.Sqrt(math.Max(float64(count), 1))
		low, high := widen(0.15, after, []float64{-2 * limit, 2 * limit})
		_, last := widen(0, lags)
		x, y := scale{0, math.Max(last, v.Step), left, left + width}, scale{low, high, y0 + height, y0}
		c.panel(x, y, label{name: "lag", unit: timeUnit, ticks: 6}, label{name: "autocorrelation", ticks: 4})
		clip := c.inside(x, y)
		c.element(`<rect class="band" x="%s" y="%s" width="%s" height="%s"/>`, px(x.from), px(y.at(limit)), px(width), px(y.at(-limit)-y.at(limit)))
		c.line("axis", x.from, y.at(0), x.to, y.at(0))
		c.path("data-ink", clip, curve(envelope(place(x, y, lags, after), 1)))
		heading := v.Column
		if v.Assumed {
			heading += " – its noise is an assumed floor"
		}
		c.text("heading", "start", left, y0-7, heading)
		// Histogram.
		peak := 0.45
		for k := range share {
			share[k] /= math.Max(float64(count), 1) * 2 * reach / bins
			peak = math.Max(peak, 1.05*share[k])
		}
		x0 := left + width + between
		x, y = scale{-reach, reach, x0, x0 + width}, scale{0, peak, y0 + height, y0}
		c.panel(x, y, label{name: "innovation", unit: "σ of the noise", ticks: 8}, label{name: "density", unit: "per σ", ticks: 4})
		clip = c.inside(x, y)
		var bars, bell []point
		for k, s := range share {
			from, to := x.at(-reach+2*reach*float64(k)/bins), x.at(-reach+2*reach*float64(k+1)/bins)
			bars = append(bars, point{from, y.at(0)}, point{from, y.at(s)}, point{to, y.at(s)}, point{to, y.at(0)})
		}
		for k := range 81 {
			u := -reach + 2*reach*float64(k)/80
			bell = append(bell, point{x.at(u), y.at(math.Exp(-u*u/2) / math.Sqrt(2*math.Pi))})
		}
		c.path("density", clip, curve(bars)+"Z")
		c.path("model", clip, curve(bell))
		note := fmt.Sprintf("%d samples", count)
		if beyond > 0 {
			note += ", " + percent(float64(beyond)/float64(count)) + " beyond ±4 σ"
		}
		c.text("note", "end", x.to, y0-7, note)
	}
	return c.svg("Innovations: autocorrelation, and histogram against a normal density")
}
