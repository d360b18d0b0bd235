package report

import "math"

// label is how an axis is titled and drawn.
type label struct {
	name, unit string
	ticks      int
	log        bool // the scale is of decimal logarithms
}

// panel draws a frame with both axes, the grid below the ticks. An axis without
// a name has ticks but no numbers.
func (c *canvas) panel(x, y scale, across, up label) {
	c.frame(x.from, y.to, x.to-x.from, y.from-y.to)
	at, labels, exponent := up.marks(y)
	for k, v := range at {
		c.line("grid", x.from, y.at(v), x.to, y.at(v))
		c.text("tick", "end", x.from-6, y.at(v)+3.5, labels[k])
	}
	c.upward("label", x.from-52, (y.from+y.to)/2, axisTitle(up.name, up.unit, exponent))
	at, labels, exponent = across.marks(x)
	for k, v := range at {
		c.line("tickmark", x.at(v), y.from, x.at(v), y.from-4)
		if across.name != "" {
			c.text("tick", "middle", x.at(v), y.from+15, labels[k])
		}
	}
	if across.name != "" {
		c.text("label", "middle", (x.from+x.to)/2, y.from+33, axisTitle(across.name, across.unit, exponent))
	}
}

// columnsFor is how many panels of n stand in a row: at most three.
func columnsFor(n int) int {
	switch {
	case n < 3:
		return max(n, 1)
	case n == 4:
		return 2
	}
	return 3
}

// inside is the clip attribute of a panel.
func (c *canvas) inside(x, y scale) string { return c.clip(x.from, y.to, x.to-x.from, y.from-y.to) }

func (l label) marks(s scale) (at []float64, labels []string, exponent int) {
	if l.log {
		at, labels = logTicks(s.low, s.high, l.ticks)
		return at, labels, 0
	}
	at, step := ticks(s.low, s.high, l.ticks)
	labels, exponent = tickLabels(at, step)
	return at, labels, exponent
}

// logTicks are powers of ten between two logarithms, at most n; where fewer than
// two fit, multiples by 2 and 5 join, if they can be written without a power.
func logTicks(low, high float64, n int) (at []float64, labels []string) {
	every := math.Max(1, math.Ceil((high-low)/float64(n)))
	for v := math.Ceil(low/every-1e-9) * every; v <= high+1e-9; v += every {
		at, labels = append(at, v), append(labels, "10"+superscript(int(v)))
	}
	if len(at) > 1 || len(at) == 1 && (low < -3 || high > 4) {
		return at, labels
	}
	at, labels = nil, nil
	for decade := math.Floor(low); decade <= high; decade++ {
		for _, f := range [...]float64{1, 2, 5} {
			if v := decade + math.Log10(f); v >= low-1e-9 && v <= high+1e-9 {
				at, labels = append(at, v), append(labels, significant(f*math.Pow(10, decade), 1))
			}
		}
	}
	return at, labels
}

// logs are decimal logarithms, NaN where there are none.
func logs(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		if out[i] = math.NaN(); v > 0 && !math.IsInf(v, 0) {
			out[i] = math.Log10(v)
		}
	}
	return out
}

// area is the closed path between two curves at the same places; it is broken
// where either is missing.
func area(upper, lower []point) string {
	var d string
	for from := 0; from < len(upper); {
		to := from
		for to < len(upper) && !upper[to].gap() && !lower[to].gap() {
			to++
		}
		if to-from > 1 {
			loop := append([]point(nil), upper[from:to]...)
			for i := to - 1; i >= from; i-- {
				loop = append(loop, lower[i])
			}
			d += curve(loop) + "Z"
		}
		from = to + 1
	}
	return d
}
