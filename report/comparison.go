package report

import (
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
)

// Comparison is a page of training methods beside each other.
type Comparison struct {
	Title, Subtitle string
	Notes           []string // what was compared with what
	Level           float64  // forecast error that counts as success
	Methods         []ComparedMethod
}

// ComparedMethod is one row of the table and one panel of the figure.
type ComparedMethod struct {
	Name, Form     string
	Setting        string // segments, in words
	Trained        string // nudged or free
	Median         float64
	Tried          int // steps, median of the trials
	Success, Count int
	Seconds        float64        // median of the trials
	Trials         []ComparedPath // one a seed
}

// ComparedPath is a trial's free-running forecast error over time and steps.
type ComparedPath struct{ Seconds, Tried, Error []float64 }

// RenderComparison writes a self-contained page.
func RenderComparison(w io.Writer, c *Comparison) error {
	return write(w, comparisonPage, c, template.FuncMap{
		"overTime": func() template.HTML {
			return template.HTML(comparisonFigure(c, "time", "seconds of training", 1e-3, func(p ComparedPath) []float64 { return p.Seconds }))
		},
		"overSteps": func() template.HTML {
			return template.HTML(comparisonFigure(c, "steps", "steps tried", 1, func(p ComparedPath) []float64 { return p.Tried }))
		},
		"number": func(v float64) string {
			if math.IsInf(v, 1) {
				return "escapes"
			}
			return fmt.Sprintf("%.3g", v)
		},
	})
}

const comparisonPage = `{{template "head" . -}}
<header>
<p class="kicker">govern · comparison of training methods</p>
<h1>{{.Title}}</h1>
<p class="subtitle">{{.Subtitle}}</p>
</header>
<section>
<h2>Table</h2>
<table>
<thead><tr><th>form</th><th>method</th><th>segments</th><th>trained</th><th>free-running error, median</th><th>successes</th><th>steps tried</th><th>seconds</th></tr></thead>
<tbody>
{{range .Methods}}<tr><td>{{.Form}}</td><th>{{.Name}}</th><td>{{.Setting}}</td><td>{{.Trained}}</td><td>{{number .Median}}</td><td>{{.Success}} of {{.Count}}</td><td>{{.Tried}}</td><td>{{number .Seconds}}</td></tr>
{{end}}</tbody>
</table>
{{range .Notes}}<p>{{.}}</p>
{{end}}</section>
<section>
<h2>Error against time</h2>
<figure>
{{overTime}}
<figcaption id="comparison-time-caption">Free-running forecast error (standard deviations, logarithmic) against training time (seconds, logarithmic), one curve a seed.
The dashed line is the level of success; curves at the upper edge are models that escape.</figcaption>
</figure>
</section>
<section>
<h2>Error against evaluations</h2>
<figure>
{{overSteps}}
<figcaption id="comparison-steps-caption">The same errors against the Levenberg–Marquardt steps that were tried, which do not depend on the machine.</figcaption>
</figure>
</section>
</main>
</body>
</html>
`

// comparisonFigure draws four panels a row on shared logarithmic axes.
// What is spent is at least floor.
func comparisonFigure(c *Comparison, id, label string, floor float64, spent func(ComparedPath) []float64) string {
	const (
		columns                  = 4
		left, top, gap           = 46.0, 18.0, 10.0
		height, between, beneath = 130.0, 34.0, 36.0
	)
	var times, errors []float64
	for _, m := range c.Methods {
		for _, t := range m.Trials {
			for i, s := range spent(t) {
				times = append(times, math.Log10(math.Max(s, floor)))
				if e := t.Error[i]; !math.IsInf(e, 1) {
					errors = append(errors, math.Log10(math.Max(e, lowestError)))
				}
			}
		}
	}
	x0, x1 := widen(0.05, times)
	y0, y1 := widen(0, append(errors, math.Log10(c.Level)))
	y0, y1 = math.Floor(y0), math.Min(math.Ceil(y1), 2)
	rows := (len(c.Methods) + columns - 1) / columns
	width := (figureWidth - left - gap*(columns-1)) / columns
	f := &canvas{width: figureWidth, height: top + float64(rows)*(height+between) + beneath, prefix: "comparison-" + id}
	for k, m := range c.Methods {
		x := left + float64(k%columns)*(width+gap)
		y := top + float64(k/columns)*(height+between)
		sx, sy := scale{x0, x1, x, x + width}, scale{y0, y1, y + height, y}
		f.frame(x, y, width, height)
		f.text("note", "start", x, y-5, strings.TrimPrefix(m.Form+", "+m.Name, ", "))
		for v := y0; v <= y1; v++ {
			f.line("grid", x, sy.at(v), x+width, sy.at(v))
			if k%columns == 0 {
				f.text("tick", "end", x-5, sy.at(v)+3.5, "10"+superscript(int(v)))
			}
		}
		f.line("mark", x, sy.at(math.Log10(c.Level)), x+width, sy.at(math.Log10(c.Level)))
		for v := math.Ceil(x0); v <= x1; v++ {
			f.text("tick", "middle", sx.at(v), y+height+13, "10"+superscript(int(v)))
		}
		clip := f.clip(x, y-2, width, height+4)
		for _, t := range m.Trials {
			var points []point
			for i, s := range spent(t) {
				e := math.Min(math.Log10(math.Max(t.Error[i], lowestError)), y1)
				points = append(points, point{sx.at(math.Log10(math.Max(s, floor))), sy.at(e)})
			}
			f.path("model", clip, curve(points))
			f.path("model-ink dots", clip, dots(points))
		}
	}
	f.upward("label", 12, f.height/2, "forecast error")
	f.text("label", "middle", (left+figureWidth)/2, f.height-8, label)
	return f.svg("Free-running forecast error against " + label + ", by method")
}

// lowestError is where the figure's axis ends: errors below the noise are zero.
const lowestError = 1e-5
