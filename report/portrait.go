package report

import (
	"fmt"
	"math"
	"strings"
)

const portraitTolerance = 0.25 // pixels

// portraitFigure draws data and model side by side on the same axes, each curve
// with at most limit points.
func portraitFigure(p *Portrait, prefix string, limit int) string {
	if len(p.Axes) >= 3 {
		return solidPortrait(p, prefix, limit)
	}
	return flatPortrait(p, prefix, limit)
}

func flatPortrait(p *Portrait, prefix string, limit int) string {
	const (
		left, top    = 66.0, 22.0
		side, height = 316.0, 290.0
		between      = 54.0
		bottom       = 42.0
	)
	c := &canvas{width: figureWidth, height: top + height + bottom, prefix: prefix}
	xAxis, yAxis := p.Axes[0], p.Axes[1]
	xLow, xHigh := portraitRange(xAxis)
	yLow, yHigh := portraitRange(yAxis)
	y := scale{yLow, yHigh, top + height, top}
	yAt, yStep := ticks(yLow, yHigh, 6)
	yLabels, yExponent := tickLabels(yAt, yStep)
	xAt, xStep := ticks(xLow, xHigh, 6)
	xLabels, xExponent := tickLabels(xAt, xStep)
	for panel, x0 := range [...]float64{left, left + side + between} {
		x := scale{xLow, xHigh, x0, x0 + side}
		c.frame(x0, top, side, height)
		for k, v := range yAt {
			c.line("grid", x0, y.at(v), x0+side, y.at(v))
			c.text("tick", "end", x0-6, y.at(v)+3.5, yLabels[k])
		}
		for k, v := range xAt {
			c.line("grid", x.at(v), top, x.at(v), top+height)
			c.text("tick", "middle", x.at(v), top+height+15, xLabels[k])
		}
		c.text("label", "middle", x0+side/2, top+height+34, axisTitle(xAxis.Name, xAxis.Unit, xExponent))
		clip := c.clip(x0, top, side, height)
		u, v := xAxis.Data, yAxis.Data
		if panel == 1 {
			u, v = xAxis.Model, yAxis.Model
		}
		points := place(x, y, u, v)
		if p.Dots {
			points = visible(points, x, y)
			p.heading(c, panel, x0+side/2, top-8)
			c.path([...]string{"samples dots data-ink", "samples dots model-ink"}[panel], clip, dots(points[:min(limit, len(points))]))
			continue
		}
		p.drawOrbit(c, panel, clip, x0+side/2, top-8, straighten(points, portraitTolerance, limit))
	}
	c.upward("label", 14, top+height/2, axisTitle(yAxis.Name, yAxis.Unit, yExponent))
	return c.svg(fmt.Sprintf("Phase portraits of %s: data and model", axisNames(p)))
}

// visible leaves out points outside the panel.
func visible(points []point, x, y scale) []point {
	var out []point
	for _, p := range points {
		if p.x >= x.from && p.x <= x.to && p.y >= y.to && p.y <= y.from {
			out = append(out, p)
		}
	}
	return out
}

// heading writes what a panel shows: 0 is the data, 1 the model.
func (p *Portrait) heading(c *canvas, panel int, x, y float64) {
	text := "model, free-running"
	if panel == 0 {
		if text = p.Left; text == "" {
			text = "data"
		}
	}
	c.text("heading", "middle", x, y, text)
}

// drawOrbit draws one curve below its heading.
func (p *Portrait) drawOrbit(c *canvas, panel int, clip string, x, y float64, points []point) {
	p.heading(c, panel, x, y)
	c.path([...]string{"orbit data-ink", "orbit model-ink"}[panel], clip, curve(points))
}

// portraitRange covers the data; the model only where there are none.
func portraitRange(a Axis) (low, high float64) {
	if len(a.Data) == 0 {
		return widen(0.06, a.Model)
	}
	low, high = widen(0.06, a.Data)
	modelLow, modelHigh := widen(0.06, a.Model)
	if len(a.Model) == 0 {
		return low, high
	}
	span := high - low
	return min(low, max(modelLow, low-span/4)), max(high, min(modelHigh, high+span/4))
}

// solidPortrait projects three coordinates, each scaled to its range, in
// parallel onto the page: seen from azimuth −60° and elevation 22°.
func solidPortrait(p *Portrait, prefix string, limit int) string {
	const (
		top, side, height = 22.0, 372.0, 330.0
		size              = 118.0 // half an edge of the box, in pixels
	)
	c := &canvas{width: figureWidth, height: top + height + 18, prefix: prefix}
	sinA, cosA := math.Sincos(-60 * math.Pi / 180)
	sinE, cosE := math.Sincos(22 * math.Pi / 180)
	var unit [3]scale
	for k := range unit {
		low, high := portraitRange(p.Axes[k])
		unit[k] = scale{low, high, -1, 1}
	}
	for panel := range 2 {
		cx, cy := side/2+float64(panel)*(figureWidth-side), top+height/2-4
		project := func(x, y, z float64) point {
			across := -sinA*x + cosA*y
			depth := cosA*x + sinA*y
			return point{cx + size*across, cy - size*(z*cosE-depth*sinE)}
		}
		edge := func(class string, a, b [3]float64) {
			p, q := project(a[0], a[1], a[2]), project(b[0], b[1], b[2])
			c.line(class, p.x, p.y, q.x, q.y)
		}
		// Seen from x > 0, y < 0 the walls behind are x = −1 and y = 1, the floor z = −1.
		for _, e := range [...][2][3]float64{
			{{-1, -1, -1}, {-1, 1, -1}}, {{-1, 1, -1}, {1, 1, -1}}, {{-1, 1, -1}, {-1, 1, 1}},
			{{-1, -1, 1}, {-1, 1, 1}}, {{-1, 1, 1}, {1, 1, 1}}, {{1, 1, -1}, {1, 1, 1}},
		} {
			edge("grid", e[0], e[1])
		}
		for _, e := range [...][2][3]float64{{{-1, -1, -1}, {1, -1, -1}}, {{1, -1, -1}, {1, 1, -1}}, {{-1, -1, -1}, {-1, -1, 1}}} {
			edge("axis", e[0], e[1])
		}
		axisText := func(k int, from, to, outward [3]float64) {
			at, step := ticks(p.Axes[k].lowHigh(unit[k], 4))
			labels, exponent := tickLabels(at, step)
			a, b := project(from[0], from[1], from[2]), project(to[0], to[1], to[2])
			o, z := project(outward[0], outward[1], outward[2]), project(0, 0, 0)
			dx, dy := (o.x - z.x), (o.y - z.y)
			norm := math.Hypot(dx, dy)
			dx, dy = dx/norm, dy/norm
			anchor := "middle"
			if dx < -0.6 {
				anchor = "end"
			}
			for i, v := range at {
				f := (unit[k].at(v) + 1) / 2
				tx, ty := a.x+f*(b.x-a.x), a.y+f*(b.y-a.y)
				c.line("axis", tx, ty, tx+4*dx, ty+4*dy)
				c.text("tick", anchor, tx+12*dx, ty+12*dy+3.5, labels[i])
			}
			mx, my := (a.x+b.x)/2, (a.y+b.y)/2
			title := axisTitle(p.Axes[k].Name, p.Axes[k].Unit, exponent)
			if k == 2 {
				c.upward("label", mx-42, my, title)
				return
			}
			c.text("label", anchor, mx+30*dx, my+30*dy+3.5, title)
		}
		axisText(0, [3]float64{-1, -1, -1}, [3]float64{1, -1, -1}, [3]float64{0, -1, -0.6})
		axisText(1, [3]float64{1, -1, -1}, [3]float64{1, 1, -1}, [3]float64{1, 0, -0.6})
		axisText(2, [3]float64{-1, -1, -1}, [3]float64{-1, -1, 1}, [3]float64{-1, -1, 0})

		var series [3][]float64
		for k := range series {
			series[k] = p.Axes[k].Data
			if panel == 1 {
				series[k] = p.Axes[k].Model
			}
		}
		n := min(len(series[0]), len(series[1]), len(series[2]))
		points := make([]point, n)
		for i := range points {
			points[i] = project(unit[0].at(series[0][i]), unit[1].at(series[1][i]), unit[2].at(series[2][i]))
		}
		clip := c.clip(cx-side/2, top, side, height)
		p.drawOrbit(c, panel, clip, cx, top-8, straighten(points, portraitTolerance, limit))
	}
	return c.svg(fmt.Sprintf("Phase portraits of %s in three dimensions: data and model", axisNames(p)))
}

func (Axis) lowHigh(s scale, n int) (low, high float64, count int) { return s.low, s.high, n }

func axisNames(p *Portrait) string {
	var names []string
	for _, a := range p.Axes {
		names = append(names, a.Name)
	}
	return strings.Join(names, ", ")
}
