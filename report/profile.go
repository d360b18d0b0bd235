package report

import (
	"html/template"
	"io"
	"math"
)

// Profile is a page with the profile likelihood of one number.
type Profile struct {
	Title, Parameter string
	Text             []string // what it says, a sentence each
	Values, Rise     []float64
	Value            float64 // the best
	Sigma            float64 // its promised standard deviation, for the parabola; +Inf: none
	Level            float64
	Low, High        float64 // where the profile crosses the level; NaN where it does not
}

// RenderProfile writes a self-contained page.
func RenderProfile(w io.Writer, p *Profile) error {
	return write(w, profilePage, p, template.FuncMap{
		"figure": func() template.HTML { return template.HTML(profileFigure(p)) },
	})
}

const profilePage = `{{template "head" . -}}
<header>
<p class="kicker">govern · profile likelihood</p>
<h1>{{.Title}}: {{.Parameter}}</h1>
</header>
{{range .Text}}<p>{{.}}</p>
{{end}}<figure>
{{figure}}
<figcaption id="profile-caption">Rise of −2 log L where {{.Parameter}} is held and all other numbers and the states are fitted again (dots), at the noise and defect weight
of the best fit. The dashed curve is the parabola that the covariance promises. The horizontal line, at 3.84, bounds the 95 % interval; a side that does not reach it is open.</figcaption>
</figure>
</main>
</body>
</html>
`

func profileFigure(p *Profile) string {
	const left, right, top, height, beneath = 70.0, 8.0, 12.0, 260.0, 44.0
	x0, x1 := widen(0.02, p.Values)
	highest := p.Level * 1.2
	for _, v := range p.Rise {
		highest = math.Max(highest, math.Min(v, 4*p.Level))
	}
	f := &canvas{width: figureWidth, height: top + height + beneath, prefix: "profile"}
	sx, sy := scale{x0, x1, left, figureWidth - right}, scale{0, highest * 1.05, top + height, top}
	f.panel(sx, sy, label{name: p.Parameter, ticks: 8}, label{name: "rise of −2 log L", ticks: 6})
	inside := f.inside(sx, sy)
	f.line("mark", sx.from, sy.at(p.Level), sx.to, sy.at(p.Level))
	if !math.IsInf(p.Sigma, 0) && p.Sigma > 0 {
		const steps = 100
		parabola := make([]point, steps+1)
		for i := range parabola {
			v := x0 + (x1-x0)*float64(i)/steps
			d := (v - p.Value) / p.Sigma
			parabola[i] = point{sx.at(v), sy.at(math.Min(d*d, 1e3*highest))}
		}
		f.path("nudged", inside, curve(parabola))
	}
	points := place(sx, sy, p.Values, p.Rise)
	f.path("model", inside, curve(points))
	f.path("samples", inside, dots(points))
	for _, v := range []float64{p.Low, p.High} {
		if !math.IsNaN(v) {
			f.line("mark", sx.at(v), sy.at(0), sx.at(v), sy.at(p.Level))
		}
	}
	return f.svg("Profile likelihood of " + p.Parameter)
}
