package report

import (
	"fmt"
	"math"
	"slices"
)

const figureWidth = 760 // user units; style.css scales figures to the column

// seriesFigure draws the channels of an entry one below the other over a common
// time axis: the data wide and pale, or as dots where samples are sparse, the
// free run thin above it. It returns what the legend must explain, and whether
// parts of a free run lie outside its frame.
//
// Channels are height pixels high. Curves keep at most four points in a bucket,
// whose width is given in pixels.
func seriesFigure(s *Series, timeUnit, prefix string, height, bucket float64) (svg string, drawn []string, outside bool) {
	const (
		left, right = 66.0, 8.0
		top         = 14.0
		gap         = 14.0
		bottom      = 40.0
	)
	n := float64(len(s.Channels))
	c := &canvas{width: figureWidth, height: top + n*height + (n-1)*gap + bottom, prefix: prefix}
	low, high := widen(0, s.Time)
	x := scale{low, high, left, figureWidth - right}
	at, step := ticks(low, high, 10)
	labels, exponent := tickLabels(at, step)
	floor := top + n*height + (n-1)*gap
	draw := func(class, clip, d string) {
		c.path(class, clip, d)
		if d != "" && !slices.Contains(drawn, class) {
			drawn = append(drawn, class)
		}
	}

	for i, track := range s.Channels {
		y0 := top + float64(i)*(height+gap)
		low, high := seriesRange(track)
		y := scale{low, high, y0 + height, y0}
		c.frame(left, y0, x.to-left, height)
		yAt, yStep := ticks(low, high, 4)
		yLabels, yExponent := tickLabels(yAt, yStep)
		for k, v := range yAt {
			c.line("grid", left, y.at(v), x.to, y.at(v))
			c.text("tick", "end", left-6, y.at(v)+3.5, yLabels[k])
		}
		for _, v := range at {
			c.line("tickmark", x.at(v), y0+height, x.at(v), y0+height-4)
		}
		c.upward("label", 14, y0+height/2, axisTitle(track.Name, track.Unit, yExponent))
		clip := c.clip(left, y0, x.to-left, height)
		for _, mark := range s.Marks {
			if mark.At >= x.low && mark.At <= x.high {
				c.line("mark", x.at(mark.At), y0, x.at(mark.At), y0+height)
			}
		}
		data := place(x, y, s.Time, track.Data)
		if sparse(data) {
			draw("data dots", clip, dots(data))
		} else {
			draw("data", clip, curve(envelope(data, bucket)))
		}
		draw("nudged", clip, curve(envelope(place(x, y, s.Time, track.Nudged), bucket)))
		free := place(x, y, s.Time, track.Free)
		draw("model", clip, curve(envelope(free, bucket)))
		for _, p := range free {
			outside = outside || p.y < y0 || p.y > y0+height
		}
	}
	for k, v := range at {
		c.text("tick", "middle", x.at(v), floor+15, labels[k])
	}
	c.text("label", "middle", (left+x.to)/2, floor+33, axisTitle("time", timeUnit, exponent))
	for _, mark := range s.Marks {
		if mark.At >= x.low && mark.At <= x.high {
			anchor := "middle"
			if x.at(mark.At) > x.to-60 {
				anchor = "end"
			}
			c.text("note", anchor, x.at(mark.At), top-4, mark.Label)
		}
	}
	slices.Sort(drawn) // the order of a legend does not depend on which channel lacks what: data, model, nudged
	return c.svg(fmt.Sprintf("Time series of %s: data and model", s.Entry)), drawn, outside
}

// seriesRange is the range of the data and of what a healthy free run adds: a
// run that explodes must not flatten the data.
func seriesRange(t Track) (low, high float64) {
	low, high = widen(0.08, t.Data)
	if t.Data == nil {
		return widen(0.08, t.Free)
	}
	freeLow, freeHigh := widen(0.08, t.Free)
	span := high - low
	if t.Free != nil {
		low, high = min(low, max(freeLow, low-span/2)), max(high, min(freeHigh, high+span/2))
	}
	return low, high
}

// place maps pairs (u, v) to pixels.
func place(x, y scale, u, v []float64) []point {
	points := make([]point, min(len(u), len(v)))
	for i := range points {
		points[i] = point{x.at(u[i]), y.at(v[i])}
	}
	return points
}

// sparse says whether there is room to see single samples: at least four pixels
// for each in the median.
func sparse(points []point) bool {
	count, first, last := 0, math.NaN(), math.NaN()
	for _, p := range points {
		if !p.gap() {
			if count == 0 {
				first = p.x
			}
			count, last = count+1, p.x
		}
	}
	return count > 0 && (last-first)/float64(count) >= 4
}
