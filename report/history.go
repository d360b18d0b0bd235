package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// historyFigure draws the loss per observation of every iteration, one step
// after the other, and below it what the schedules did: the weight of the defects,
// the noise of every channel and, where they change, gain and segment length.
func historyFigure(rows []Iteration, names []string, prefix string) string {
	const left, right, top, gap, bottom = 66.0, 70.0, 22.0, 12.0, 40.0
	loss, omega := make([]float64, len(rows)), make([]float64, len(rows))
	gain, segment := make([]float64, len(rows)), make([]float64, len(rows))
	noise := make([][]float64, 0)
	for i, r := range rows {
		loss[i], omega[i], gain[i], segment[i] = r.Loss, r.Omega, r.Gain, float64(r.Segment)
		for k, v := range r.Noise {
			if k == len(noise) {
				noise = append(noise, slices.Repeat([]float64{math.NaN()}, len(rows)))
			}
			noise[k][i] = v
		}
	}
	type strip struct {
		label  label
		height float64
		lines  [][]float64
		ends   []string // what stands at the right end of each line
	}
	strips := []strip{
		{label{name: "loss per observation", ticks: 5, log: true}, 170, [][]float64{logs(loss)}, nil},
		{label{name: "defect ω", ticks: 4, log: true}, 80, [][]float64{logs(omega)}, nil},
	}
	if len(noise) > 0 {
		s := strip{label{name: "noise / std", ticks: 4, log: true}, 80, nil, names}
		for _, v := range noise[:min(len(noise), maxTracks)] {
			s.lines = append(s.lines, logs(v))
		}
		strips = append(strips, s)
	}
	if varies(gain) {
		strips = append(strips, strip{label{name: "gain", ticks: 3}, 70, [][]float64{gain}, nil})
	}
	if varies(segment) {
		strips = append(strips, strip{label{name: "segment", unit: "samples", ticks: 3}, 70, [][]float64{segment}, nil})
	}
	c := &canvas{width: figureWidth, height: top + bottom - gap, prefix: prefix}
	for _, s := range strips {
		c.height += s.height + gap
	}
	x := scale{0, float64(max(len(rows), 1)), left, figureWidth - right}
	y0 := top
	for k, s := range strips {
		low, high := widen(0.06, s.lines...)
		if s.label.log && high-low < 1 { // a constant is a line in the middle, beside a power of ten
			low, high = (low+high)/2-0.5, (low+high)/2+0.5
		}
		y := scale{math.Max(low, high-16), high, y0 + s.height, y0}
		across := label{ticks: 10}
		if k == len(strips)-1 {
			across.name = "iteration, all steps one after the other"
		}
		c.panel(x, y, across, s.label)
		clip := c.inside(x, y)
		for _, begin := range phases(rows)[1:] {
			c.line("mark", x.at(float64(begin)), y0, x.at(float64(begin)), y0+s.height)
		}
		if k == 0 {
			if v := y.at(0); v > y.to && v < y.from {
				c.line("one", x.from, v, x.to, v)
				c.text("note", "start", x.to+5, v+3.5, "1: noise only")
			}
			if len(rows) < figureWidth { // more would be a blot
				c.path("model", clip, curve(linked(rows, x, y, s.lines[0])))
			}
			class := "model-ink dots"
			if len(rows) > 200 {
				class = "model-ink fine dots"
			}
			c.path(class, clip, dots(envelope(iterations(x, y, s.lines[0]), 1)))
		} else {
			ends := make([]float64, 0, len(s.lines))
			for _, line := range s.lines {
				points := steps(x, y, line)
				c.path("model", clip, curve(envelope(points, 1)))
				end := math.NaN()
				for _, p := range points {
					if !p.gap() {
						end = p.y
					}
				}
				ends = append(ends, end)
			}
			for i, at := range apart(ends, 11) {
				if i < len(s.ends) && !math.IsNaN(at) {
					c.text("note", "start", x.to+5, at+3.5, s.ends[i])
				}
			}
		}
		y0 += s.height + gap
	}
	begins := append(phases(rows), len(rows))
	for k, begin := range begins[:len(begins)-1] {
		name := phaseOf(rows[begin].Stage)
		if room := x.at(float64(begins[k+1])) - x.at(float64(begin)); room > 5.6*float64(len([]rune(name))) {
			c.text("note", "middle", x.at(float64(begin))+room/2, top-6, name)
		}
	}
	return c.svg("Loss per observation and schedules over all iterations")
}

// phaseOf is what stands before the first slash.
func phaseOf(stage string) string {
	before, _, _ := strings.Cut(stage, "/")
	return before
}

// phases are the rows where a phase begins, the first row included.
func phases(rows []Iteration) []int {
	out := []int{0}
	for i := 1; i < len(rows); i++ {
		if phaseOf(rows[i].Stage) != phaseOf(rows[i-1].Stage) {
			out = append(out, i)
		}
	}
	return out
}

func iterations(x, y scale, values []float64) []point {
	points := make([]point, len(values))
	for i, v := range values {
		points[i] = point{x.at(float64(i) + 0.5), y.at(v)}
	}
	return points
}

// linked breaks the curve between minimisations: where the step or the weight
// changes, or the loss rises because the noise was estimated anew.
func linked(rows []Iteration, x, y scale, values []float64) []point {
	var out []point
	for i, p := range iterations(x, y, values) {
		if i > 0 && (rows[i].Stage != rows[i-1].Stage || rows[i].Omega != rows[i-1].Omega || rows[i].Loss > rows[i-1].Loss) {
			out = append(out, point{math.NaN(), math.NaN()})
		}
		out = append(out, p)
	}
	return out
}

// steps draws each value over the width of its iteration.
func steps(x, y scale, values []float64) []point {
	var out []point
	for i, v := range values {
		out = append(out, point{x.at(float64(i)), y.at(v)}, point{x.at(float64(i + 1)), y.at(v)})
	}
	return out
}

// apart moves labels downwards until neighbours keep a distance; the order of
// the heights is kept.
func apart(at []float64, distance float64) []float64 {
	order := make([]int, 0, len(at))
	for i, v := range at {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(at[i], at[j]) })
	out := slices.Clone(at)
	for k := 1; k < len(order); k++ {
		out[order[k]] = math.Max(out[order[k]], out[order[k-1]]+distance)
	}
	return out
}

// varies says that values are not all equal.
func varies(v []float64) bool {
	return slices.ContainsFunc(v, func(x float64) bool { return x != v[0] })
}

// historyCaption says what does not change instead of drawing it.
func historyCaption(rows []Iteration) string {
	text := "How the fits went. Top: the objective (residuals and defects, each in its standard deviations) per observation, after every iteration; " +
		"points that are joined belong to one minimisation. A loss near 1 means that what is left looks like noise, as far as the weight of the defects allows. " +
		"Below: the defect weight ω (standard deviations a characteristic time; small means that the equations must hold exactly) and the noise that was assumed."
	gain, segment := make([]float64, len(rows)), make([]float64, len(rows))
	for i, r := range rows {
		gain[i], segment[i] = r.Gain, float64(r.Segment)
	}
	if !varies(gain) {
		if gain[0] == 0 {
			text += " No gain was used in any step."
		} else {
			text += fmt.Sprintf(" The gain was %s throughout.", significant(gain[0], 3))
		}
	}
	if !varies(segment) {
		samples := strconv.Itoa(int(segment[0])) + " samples"
		if segment[0] == 1 {
			samples = "one sample"
		}
		text += " Segments were " + samples + " long throughout."
	}
	return text
}
