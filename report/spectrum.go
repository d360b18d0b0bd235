package report

import "math"

// decades is how far below its peak a spectrum is drawn.
const decades = 10

// spectrumFigure draws the power spectra of data and free run, both axes
// logarithmic.
func spectrumFigure(list []Spectrum, timeUnit, prefix string) string {
	const left, right, top, between, bottom = 66.0, 8.0, 22.0, 64.0, 46.0
	columns := columnsFor(len(list))
	height := [...]float64{200, 160, 140}[columns-1]
	rows := (len(list) + columns - 1) / columns
	width := (figureWidth - left - right - float64(columns-1)*between) / float64(columns)
	c := &canvas{width: figureWidth, height: float64(rows) * (top + height + bottom), prefix: prefix}
	for i, s := range list {
		x0 := left + float64(i%columns)*(width+between)
		y0 := top + float64(i/columns)*(top+height+bottom)
		f, data, model := logs(s.Frequency), logs(s.Data), logs(s.Model)
		low, high := widen(0, f)
		x := scale{low, high, x0, x0 + width}
		low, high = widen(0.04, data, model)
		y := scale{math.Max(low, high-decades), high, y0 + height, y0}
		unit := timeUnit
		if unit == "" {
			unit = "time unit"
		}
		square := ""
		if s.Unit != "" {
			square = "(" + s.Unit + ")² · " + unit
		}
		c.panel(x, y, label{name: "frequency", unit: "cycles per " + unit, ticks: 6, log: true}, label{name: "power density", unit: square, ticks: 5, log: true})
		clip := c.inside(x, y)
		c.path("data", clip, curve(envelope(place(x, y, f, data), 1)))
		c.path("model", clip, curve(envelope(place(x, y, f, model), 1)))
		c.text("heading", "start", x0, y0-7, s.Name)
	}
	return c.svg("Power spectra of the data and of the free run")
}
