package report

import "math"

// historyFigure draws every minimisation above its own minimum, on a logarithmic
// axis, one after the other; their constants differ, so that levels cannot be
// compared.
func historyFigure(stages []Curve, prefix string) string {
	const (
		left, right, top, height, bottom = 66.0, 8.0, 20.0, 150.0, 40.0
	)
	c := &canvas{width: figureWidth, height: top + height + bottom, prefix: prefix}
	total := 0
	low, high := math.Inf(1), math.Inf(-1)
	excess := make([][]float64, len(stages))
	for i, s := range stages {
		least := math.Inf(1)
		for _, v := range s.Objective {
			if !math.IsNaN(v) {
				least = min(least, v)
			}
		}
		excess[i] = make([]float64, len(s.Objective))
		for k, v := range s.Objective {
			e := math.Log10(v - least)
			if math.IsInf(e, 0) {
				e = math.NaN()
			}
			excess[i][k] = e
			if !math.IsNaN(e) {
				low, high = min(low, e), max(high, e)
			}
		}
		total += len(s.Objective)
	}
	if low > high {
		low, high = -1, 1
	}
	low, high = math.Floor(max(low, high-14)), math.Ceil(high)
	if low == high {
		high++
	}
	x := scale{0, float64(max(total, 1)), left, figureWidth - right}
	y := scale{low, high, top + height, top}
	c.element(`<rect class="frame" x="%s" y="%s" width="%s" height="%s"/>`, px(left), px(top), px(x.to-left), px(height))
	every := math.Ceil((high - low) / 6)
	for v := low; v <= high; v += every {
		c.line("grid", left, y.at(v), x.to, y.at(v))
		c.text("tick", "end", left-6, y.at(v)+3.5, "10"+superscript(int(v)))
	}
	clip := c.clip(left, top-2, x.to-left, height+4)
	begin := 0
	for i, s := range stages {
		points := make([]point, 0, len(excess[i]))
		for k, e := range excess[i] {
			if math.IsNaN(e) {
				e = low // the minimum itself
			}
			points = append(points, point{x.at(float64(begin+k) + 0.5), y.at(max(e, low))})
		}
		c.path("model", clip, curve(envelope(points, 1)))
		if total <= 200 {
			c.path("model-ink dots", clip, dots(points))
		}
		begin += len(points)
		if group := groupAt(stages, i); group > 0 {
			to := x.at(float64(begin))
			if begin < total {
				c.line("mark", to, top, to, top+height)
			}
			if room := x.at(float64(group)) - left; room > 5.6*float64(len([]rune(s.Stage))) {
				c.text("note", "middle", to-room/2, top-6, s.Stage)
			}
		}
	}
	at, step := ticks(0, float64(total), 10)
	labels, _ := tickLabels(at, step)
	for k, v := range at {
		c.text("tick", "middle", x.at(v), top+height+15, labels[k])
	}
	c.text("label", "middle", (left+x.to)/2, top+height+33, "iteration")
	c.upward("label", 14, top+height/2, "excess of −2 log posterior")
	return c.svg("Objective over iterations, above the minimum of each stage")
}

// groupAt returns how many iterations the group of equal stages holds that ends
// with curve i; 0 when it goes on.
func groupAt(stages []Curve, i int) int {
	if i+1 < len(stages) && stages[i+1].Stage == stages[i].Stage {
		return 0
	}
	n := 0
	for k := i; k >= 0 && stages[k].Stage == stages[i].Stage; k-- {
		n += len(stages[k].Objective)
	}
	return n
}
