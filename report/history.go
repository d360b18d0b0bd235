package report

import "math"

// historyFigure draws the objective of every stage above its own minimum, on a
// logarithmic axis, stage after stage; the constants of stages differ, so that
// their levels cannot be compared.
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
		if begin > 0 && len(stages) <= 40 {
			c.line("mark", x.at(float64(begin)), top, x.at(float64(begin)), top+height)
		}
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
		middle := x.at(float64(begin) + float64(len(points))/2)
		if room := x.at(float64(len(points))) - left; room > 6*float64(len([]rune(s.Stage))) {
			c.text("note", "middle", middle, top-6, s.Stage)
		}
		begin += len(points)
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
