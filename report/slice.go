package report

import (
	"fmt"
	"math"
)

// known is the density of the data below which a learned function is an
// extrapolation: a fiftieth of that around a typical sample.
const known = 0.02

// unknownFigure draws the slices of one unknown, several beside each other: band, curve (dotted where there are no data), smoothed samples, and at
// the foot the density of the data. It returns what the legend must explain.
func unknownFigure(slices []Slice, prefix string) (svg string, drawn []string) {
	const (
		left, right, top = 66.0, 8.0, 22.0
		between, bottom  = 78.0, 44.0
	)
	columns := columnsFor(len(slices))
	height := [...]float64{230, 190, 160}[columns-1]
	rows := (len(slices) + columns - 1) / columns
	width := (figureWidth - left - right - float64(columns-1)*between) / float64(columns)
	c := &canvas{width: figureWidth, height: float64(rows) * (top + height + bottom), prefix: prefix}
	seen := map[string]bool{}
	least := 0.0 // a tenth of the largest span: what hardly matters is drawn as hardly moving
	for _, s := range slices {
		low, high := sliceRange(s)
		least = math.Max(least, 0.1*(high-low))
	}
	for i, s := range slices {
		x0 := left + float64(i%columns)*(width+between)
		y0 := top + float64(i/columns)*(top+height+bottom)
		for _, class := range drawSlice(c, s, least, x0, y0, width, height) {
			seen[class] = true
		}
	}
	for _, class := range []string{"model", "extrapolated", "band", "network", "samples", "density"} {
		if seen[class] {
			drawn = append(drawn, class)
		}
	}
	return c.svg(fmt.Sprintf("The unknown %s against its arguments", slices[0].Unknown)), drawn
}

// drawSlice draws one panel, whose function axis spans at least the given range,
// and returns what it holds.
func drawSlice(c *canvas, s Slice, least, x0, y0, width, height float64) (drawn []string) {
	const foot = 30.0 // of the density
	draw := func(class, style, clip, d string) {
		c.path(style, clip, d)
		if d != "" {
			drawn = append(drawn, class)
		}
	}
	low, high := widen(0, s.At)
	x := scale{low, high, x0, x0 + width}
	low, high = sliceRange(s)
	if lack := least - (high - low); lack > 0 {
		low, high = low-lack/2, high+lack/2
	}
	low -= (high - low) * foot / height // the curve stays above the density
	y := scale{low, high, y0 + height, y0}
	name := s.Unknown
	c.panel(x, y, label{name: s.Argument, unit: s.Unit, ticks: int(width / 48)}, label{name: name, ticks: int(height / 30)})
	clip := c.inside(x, y)
	if s.Density != nil {
		top := make([]point, len(s.At))
		floor := make([]point, len(s.At))
		peak := 1.0
		for _, v := range s.Density {
			if v > peak {
				peak = v
			}
		}
		for k, v := range s.At {
			floor[k] = point{x.at(v), y.from}
			top[k] = point{x.at(v), y.from - foot*s.Density[k]/peak}
		}
		draw("density", "density", clip, area(top, floor))
	}
	draw("samples", "samples dots", clip, dots(place(x, y, s.SampleAt, s.Sample)))
	if s.Low != nil {
		draw("band", "band", clip, area(place(x, y, s.At, s.High), place(x, y, s.At, s.Low)))
	}
	draw("network", "network", clip, curve(place(x, y, s.At, s.Network)))
	inside, outside := place(x, y, s.At, s.Value), place(x, y, s.At, s.Value)
	gap := point{math.NaN(), math.NaN()}
	has := func(k int) bool { return s.Density == nil || s.Density[k] >= known }
	for k := range inside {
		if !has(k) {
			inside[k] = gap
		}
		// Both curves hold the points where one ends and the other begins.
		if has(k) && (k == 0 || has(k-1)) && (k+1 == len(outside) || has(k+1)) {
			outside[k] = gap
		}
	}
	draw("model", "model", clip, curve(inside))
	if len(s.At) > 0 && hasCurve(outside) {
		draw("extrapolated", "extrapolated", clip, curve(outside))
	}
	note := ""
	for i, h := range s.Held {
		if i == 4 {
			note += ", …"
			break
		}
		if i > 0 {
			note += ", "
		}
		note += h.Name + " = " + significant(h.Value, 3)
	}
	if note != "" {
		c.text("note", "start", x0, y0-6, "at "+note)
	}
	return drawn
}

// hasCurve says that two neighbours are there.
func hasCurve(points []point) bool {
	for k := 1; k < len(points); k++ {
		if !points[k-1].gap() && !points[k].gap() {
			return true
		}
	}
	return false
}

// sliceRange covers the function where there are data, and what its band and
// the samples add within as much again: extrapolations must not flatten it.
func sliceRange(s Slice) (low, high float64) {
	var values []float64
	for k, v := range s.Value {
		if s.Density == nil || s.Density[k] >= known {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		values = s.Value
	}
	low, high = widen(0.08, values)
	span := high - low
	more, most := widen(0.02, values, s.Sample, s.Low, s.High)
	return math.Max(low-span/2, math.Min(low, more)), math.Min(high+span/2, math.Max(high, most))
}
