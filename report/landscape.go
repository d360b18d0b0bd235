package report

import (
	"fmt"
	"html/template"
	"io"
	"math"
)

// Landscape is a page of loss curves over one parameter, one panel a gain.
type Landscape struct {
	Title, Parameter string
	Values           []float64
	Panels           []LandscapePanel
}

// LandscapePanel is the loss at one gain; NaN where the model escapes.
type LandscapePanel struct {
	Name string
	Loss []float64
}

// RenderLandscape writes a self-contained page.
func RenderLandscape(w io.Writer, l *Landscape) error {
	return write(w, landscapePage, l, template.FuncMap{
		"figure": func() template.HTML { return template.HTML(landscapeFigure(l)) },
	})
}

const landscapePage = `{{template "head" . -}}
<header>
<p class="kicker">govern · loss landscape</p>
<h1>{{.Title}}</h1>
</header>
<figure>
{{figure}}
<figcaption id="landscape-caption">Mean squared residual of single shooting (in variances of each channel, logarithmic) over {{.Parameter}}, the other parameters as
they stand. With a gain the prediction error is fed back. Where the curve breaks the model escapes.</figcaption>
</figure>
</main>
</body>
</html>
`

// landscapeFigure draws one panel a gain below each other, on shared axes.
func landscapeFigure(l *Landscape) string {
	const left, right, top, height, between, beneath = 56.0, 8.0, 18.0, 110.0, 26.0, 36.0
	var logs [][]float64
	for _, p := range l.Panels {
		row := make([]float64, len(p.Loss))
		for i, v := range p.Loss {
			row[i] = math.Log10(math.Max(v, 1e-12)) // NaN stays
		}
		logs = append(logs, row)
	}
	x0, x1 := widen(0, l.Values)
	y0, y1 := widen(0.02, logs...)
	y0, y1 = math.Floor(y0), math.Ceil(y1)
	f := &canvas{width: figureWidth, height: top + float64(len(l.Panels))*(height+between) + beneath, prefix: "landscape"}
	sx := scale{x0, x1, left, figureWidth - right}
	at, step := ticks(x0, x1, 10)
	labels, _ := tickLabels(at, step)
	every := math.Max(1, math.Ceil((y1-y0)/4))
	for k, p := range l.Panels {
		y := top + float64(k)*(height+between)
		sy := scale{y0, y1, y + height, y}
		f.frame(left, y, sx.to-left, height)
		f.text("note", "start", left, y-5, p.Name)
		for v := y0; v <= y1; v += every {
			f.line("grid", left, sy.at(v), sx.to, sy.at(v))
			f.text("tick", "end", left-6, sy.at(v)+3.5, "10"+superscript(int(v)))
		}
		f.path("model", f.clip(left, y-2, sx.to-left, height+4), curve(place(sx, sy, l.Values, logs[k])))
	}
	for k, v := range at {
		f.text("tick", "middle", sx.at(v), f.height-beneath-between+16, labels[k])
	}
	f.text("label", "middle", (left+sx.to)/2, f.height-beneath+6, l.Parameter)
	f.upward("label", 12, f.height/2, "loss")
	return f.svg(fmt.Sprintf("Loss over %s at %d gains", l.Parameter, len(l.Panels)))
}
