package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"govern/expr"
)

//go:embed page.html.tmpl
var pageSource string

// Limits that keep a page below a megabyte and a half; what is left out is said.
const (
	maxSeries      = 8  // figures of series
	maxTracks      = 12 // channels of one figure
	maxPanels      = 6  // channels of spectra and innovations
	maxPortrait    = 6
	fineCurves     = 32     // of series, drawn with all detail that a screen shows; more are drawn coarser
	maxOrbitPoints = 20_000 // in all portraits together
)

// Render writes the page. Equal pages give equal bytes.
func Render(w io.Writer, p *Page) error {
	return write(w, pageSource, p, template.FuncMap{
		"ordinal":    func(k int) int { return k + 1 },
		"math":       func(e *expr.Expr) template.HTML { return template.HTML(formula(e)) },
		"name":       func(s string) template.HTML { return template.HTML(mathElement(mathName(s))) },
		"derivative": func(s string) template.HTML { return template.HTML(derivative(s)) },
		"sum":        func(e *expr.Expr) template.HTML { return template.HTML(strings.Join(sum(e), "<wbr>")) },
		"signature":  signature,
		"var":        expr.Var,
		"ratio":      func(a, b float64) float64 { return a / b },
		"latex":      func(e *expr.Expr) string { return e.LaTeX() },
		"digits":     significant,
		"defined":    func(v float64) bool { return !math.IsNaN(v) },
		"estimate":   newInterval,
		"termRow":    func(t Term) interval { return newInterval(t.Coefficient, t.Low, t.High) },
		"percent":    percent,
		"perTime":    func() string { return perTime(p.TimeUnit) },
		"figures":    func() figures { return draw(p) },
		"verdict":    func() verdict { return judge(p) },
		"measures":   measures,
		"lyapunov":   lyapunovList,
		"origins": func(list []Channel) []Channel {
			return slices.DeleteFunc(slices.Clone(list), func(c Channel) bool { return c.Origin == "" })
		},
		"linear":         func(u Unknown) bool { return len(u.Terms) > 1 || len(u.Terms) == 1 && !math.IsNaN(u.Terms[0].Low) },
		"anyDifferences": func() bool { return anyChannel(p, func(c Channel) float64 { return c.Differences }) },
		"helped":         func(s *Supplied) string { return helped(s) },
		"anyNudged":      func() bool { return anyChannel(p, func(c Channel) float64 { return c.Nudged }) },
		"anyLearned":     func() bool { return anyLearned(p) },
		"closeEnough":    func(distance, floor float64) string { return besideFloor(distance, floor) },
	})
}

// verdict is the head of the page.
type verdict struct {
	Class    string // good, fair, bad
	Headline string
}

func judge(p *Page) verdict {
	switch p.Status {
	case "ok":
		if len(p.Unknowns) == 0 {
			return verdict{"good", "The model stands up to the data"}
		}
		if p.hasNetwork() {
			return verdict{"good", "The trained model stands up to the data"}
		}
		return verdict{"good", "A formula was found"}
	case "ambiguous":
		return verdict{"fair", "A formula was found, but the data cannot tell it from others"}
	case "not_converged":
		return verdict{"bad", "The fit did not converge: do not rely on these equations"}
	case "no_model":
		if p.hasNetwork() {
			return verdict{"bad", "The trained model did not pass the checks"}
		}
		return verdict{"bad", "No formula passed the checks"}
	case "neural_only":
		return verdict{"bad", "A neural form fits, but no formula was found for it"}
	}
	return verdict{"fair", p.Status}
}

// hasNetwork says that a network stands in the place of an unknown.
func (p *Page) hasNetwork() bool {
	for _, u := range p.Unknowns {
		if u.Neural != "" {
			return true
		}
	}
	return false
}

// interval is an estimate as text.
type interval struct {
	Value, Low, High string
	Known            bool // whether there is an interval
	Half             float64
}

func newInterval(value, low, high float64) interval {
	v, l, h := FormatEstimate(value, low, high)
	half := math.Abs((high - low) / 2 / value)
	return interval{v, l, h, !math.IsNaN(low) && !math.IsNaN(high), half}
}

// percent writes a fraction with two significant digits.
func percent(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "–"
	}
	return significant(100*f, 2) + " %"
}

func perTime(unit string) string {
	if unit == "" {
		return "per time unit"
	}
	return "per " + unit
}

// signature typesets name(arguments).
func signature(name string, arguments []string) template.HTML {
	var args []*expr.Expr
	for _, a := range arguments {
		args = append(args, expr.Var(a))
	}
	return template.HTML(formula(expr.Apply(name, args...)))
}

// measure is one number in the strip below the headline.
type measure struct{ Value, Unit, What string }

func measures(p *Page) []measure {
	var list []measure
	add := func(v float64, digits int, unit, what string) {
		if !math.IsNaN(v) {
			list = append(list, measure{significant(v, digits), unit, what})
		}
	}
	if d := p.Dynamics; d != nil {
		what := "valid time of free runs"
		if d.AtLeast {
			what += ", at least"
		}
		add(d.ValidTime, 2, "Lyapunov times", what)
		if len(d.Lyapunov) > 0 {
			add(d.Lyapunov[0], 3, perTime(p.TimeUnit), "largest Lyapunov exponent")
		}
	}
	worst, what := math.NaN(), ""
	for _, c := range p.Channels {
		if !math.IsNaN(c.Free) && !(c.Free <= worst) {
			worst, what = c.Free, "free-running error, worst channel ("+c.Column+")"
			if share := c.Noise / c.Std; share > c.Free/2 && share < 1.5*c.Free { // more is an assumption, not noise
				what = "free-running error of " + c.Column + "; noise alone " + percent(share)
			}
		}
	}
	add(100*worst, 2, "% of std", what)
	return list
}

// lyapunovList writes a spectrum with equal decimals: three significant digits
// of the largest exponent, so that a zero exponent reads as one.
func lyapunovList(v []float64) string {
	if len(v) == 0 {
		return ""
	}
	size := 0.0
	for _, x := range v {
		if !math.IsNaN(x) {
			size = max(size, math.Abs(x))
		}
	}
	if lead := math.Abs(v[0]); lead > 1e-3*size {
		size = lead
	}
	decimals := 3
	if size > 0 {
		decimals = min(max(0, 2-decade(size)), 8)
	}
	var parts []string
	for _, x := range v {
		parts = append(parts, fixed(x, decimals))
	}
	return strings.Join(parts, ", ")
}

func besideFloor(distance, floor float64) string {
	switch ratio := distance / floor; {
	case math.IsNaN(ratio) || math.IsInf(ratio, 0):
		return ""
	case ratio <= 2:
		return "as close as the data to themselves"
	default:
		return significant(ratio, 2) + " times the floor"
	}
}

// atMost writes a small fraction for running text.
func atMost(f float64) string {
	if f < 1e-4 {
		return "less than 0.01 %"
	}
	return percent(f)
}

// helped states in plain words what the data still supply to the final model.
func helped(s *Supplied) string {
	text := "No gain: nothing was supplied by the data in the final model."
	if s.Gain > 0 {
		text = "A gain still supplies " + percent(s.Gain) + " of the motion: this model is not finished."
	}
	worst, state := -1.0, ""
	for _, h := range s.States {
		if share := h.Share(); share > worst {
			worst, state = share, h.State
		}
	}
	if state == "" {
		return text
	}
	text += " The defects, corrections between segments, make up " + atMost(worst) + " of the motion of " + state
	if len(s.States) > 1 {
		text += ", the most of any state"
	}
	switch {
	case worst < 1e-3:
		return text + ": the equations move the model by themselves."
	case worst < 0.05:
		return text + ": the equations explain nearly all of it."
	}
	return text + ": the equations leave that much of it to the data."
}

func anyChannel(p *Page, get func(Channel) float64) bool {
	for _, c := range p.Channels {
		if !math.IsNaN(get(c)) {
			return true
		}
	}
	return false
}

func anyLearned(p *Page) bool {
	for _, e := range p.Equations {
		if e.Learned {
			return true
		}
	}
	return false
}

// figure is an SVG with its caption.
type figure struct {
	Number  int
	SVG     template.HTML
	Caption string
	Legend  []key
}

// key explains one kind of curve.
type key struct{ Class, Text string }

var keyTexts = map[string]string{
	"data": "data", "data dots": "samples", "nudged": "model, nudged", "model": "model, free-running",
}

var sliceTexts = map[string]string{
	"model": "learned", "extrapolated": "where no data lie", "band": "95 % band", "network": "network",
	"samples": "smoothed samples û", "density": "density of the data",
}

func keys(texts map[string]string, classes []string) []key {
	var out []key
	for _, c := range classes {
		out = append(out, key{c, texts[c]})
	}
	return out
}

type figures struct {
	Unknowns               map[string][]figure // by unknown
	Free, CloseUps, Series []figure
	Portraits, Spectra     []figure
	Innovations, History   []figure
	Regimes                []figure
	Omitted                string
}

// The heights of a channel in figures of series.
const (
	flat = 92.0
	tall = 132.0
)

// drawing numbers the figures of a page in the order in which they are drawn.
type drawing struct {
	page      *Page
	number    int
	omitted   []string
	bucket    float64 // of thinned series, in pixels
	explained int     // the figure of an unknown with the full caption
}

func (d *drawing) next() string { d.number++; return fmt.Sprintf("f%d", d.number) }

func (d *drawing) figure(svg, caption string, legend []key) figure {
	return figure{d.number, template.HTML(svg), caption, legend}
}

// draw draws all figures in the order of the page.
func draw(p *Page) figures {
	d := &drawing{page: p}
	curves := 0
	for _, list := range [][]Series{p.FreeRuns, p.CloseUps, p.Series} {
		for i := range list[:min(maxSeries, len(list))] {
			curves += 2 * min(maxTracks, len(list[i].Channels))
		}
	}
	d.bucket = max(1, math.Pow(float64(curves)/fineCurves, 1.25))
	f := figures{Unknowns: map[string][]figure{}}
	for _, u := range p.Unknowns {
		d.slices(u.Name, f.Unknowns)
	}
	if p.Regimes != nil {
		f.Regimes = d.series(p.Regimes.Records, flat, "records with regimes", "The data of %s with the starts of regimes, and below them the innovations, data minus the fitted path in standard deviations of the noise: "+
			"first of the best formula without regimes, where there is one, then of that with them. Where regimes explain the data the latter are as large and as white before a change as behind it.")
	}
	median := ""
	if p.Dynamics != nil && p.Dynamics.Starts > 1 && len(p.FreeRuns) == 1 {
		median = fmt.Sprintf(" Of %d held-out starts this is the one with the median valid time.", p.Dynamics.Starts)
	}
	f.Free = d.series(p.FreeRuns, tall, "free runs", "A free run from a held-out start of %s. The state at the start was estimated from earlier data alone; from there on the model gets no data. "+
		"The red curve should lie on the data for about the valid time and afterwards move in the same manner."+median)
	f.CloseUps = d.series(p.CloseUps, tall, "enlarged stretches", "A stretch of %s, enlarged. Nudged: the path fitted with all help; it should run through the data, and proves nothing. "+
		"Free-running: without data from the state at the start of the stretch on, which was fitted to all data; the closer the better, and how long they agree depends on the chaos.")
	f.Series = d.series(p.Series, flat, "entries", "All of %s, nudged and running free: without data from the state at the start on, which was fitted to all data. "+
		"Any two runs of a chaotic system part after some time; look for the same kind of motion, not for equal curves.")
	f.Portraits = d.portraits()
	if list := p.Spectra; len(list) > 0 {
		if len(list) > maxPanels {
			d.omitted = append(d.omitted, fmt.Sprintf("%d more spectra", len(list)-maxPanels))
			list = list[:maxPanels]
		}
		svg := spectrumFigure(list, p.TimeUnit, d.next())
		f.Spectra = append(f.Spectra, d.figure(svg, "Power spectra of the data and of the free run over as long a time, on logarithmic axes. Peaks should agree in place and height. "+
			"The flat end of the data at high frequencies is their noise; a free run has none.", keys(keyTexts, []string{"data", "model"})))
	}
	if list := p.Innovations; len(list) > 0 {
		if len(list) > maxPanels {
			d.omitted = append(d.omitted, fmt.Sprintf("the innovations of %d more channels", len(list)-maxPanels))
			list = list[:maxPanels]
		}
		svg := innovationFigure(list, p.TimeUnit, d.next())
		f.Innovations = append(f.Innovations, d.figure(svg, "Innovations of the nudged path: the data minus the path fitted with all help. If the model and its noise are right they are white and normal: "+
			"the autocorrelation (left; from the first lag on) stays in the band at 95 % of the lags, and the histogram (right, grey) follows the normal density (red). A narrower histogram means that the path follows the noise; a wider one, that the model leaves more than noise. Where the noise is an assumed floor the data are cleaner, and nothing follows.", nil))
	}
	if rows := scored(p.History); len(rows) > 0 {
		var names []string
		for _, c := range p.Channels {
			names = append(names, c.Column)
		}
		svg := historyFigure(rows, names, d.next())
		f.History = append(f.History, d.figure(svg, historyCaption(rows), nil))
	}
	if d.omitted != nil {
		f.Omitted = "Not drawn: " + strings.Join(d.omitted, ", ") + "; they are in trajectories.csv."
	}
	return f
}

// scored are the iterations whose loss is a number.
func scored(rows []Iteration) []Iteration {
	return slices.DeleteFunc(slices.Clone(rows), func(r Iteration) bool { return math.IsNaN(r.Loss) || math.IsInf(r.Loss, 0) })
}

func (d *drawing) slices(unknown string, into map[string][]figure) {
	var list []Slice
	held := false
	for _, s := range d.page.Slices {
		if s.Unknown == unknown && len(s.At) > 0 {
			list = append(list, s)
			held = held || len(s.Held) > 0
		}
	}
	if len(list) == 0 {
		return
	}
	svg, drawn := unknownFigure(list, d.next())
	legend := keys(sliceTexts, drawn)
	if d.explained > 0 {
		into[unknown] = append(into[unknown], d.figure(svg, fmt.Sprintf("What was learned of %s, drawn as in Figure %d.", unknown, d.explained), legend))
		return
	}
	d.explained = d.number
	caption := "What was learned of " + unknown + " against its argument"
	if held {
		caption = "What was learned of " + unknown + ", along one argument at a time, the others held at the medians of the data"
	}
	caption += ", over the range of the data."
	if slices.Contains(drawn, "density") {
		caption += " Grey area at the foot: how densely the data lie around each point."
	}
	if slices.Contains(drawn, "extrapolated") {
		caption += " Where there are next to none the curve is dotted: it is an extrapolation there."
	}
	if slices.Contains(drawn, "network") {
		caption += " Dashed: the network that the formula was read from."
	}
	if slices.Contains(drawn, "band") {
		caption += " The band holds the function with 95 %; where it is too narrow to be seen, the function is that certain, if its form is right."
	}
	if slices.Contains(drawn, "samples") {
		caption += " Dots: what the smoother read off the data before any form was assumed"
		if held {
			caption += ", moved along the learned function onto the slice"
		}
		caption += "; where the motion is slow they should scatter around the curve, in fast parts the smoother lags behind."
	}
	into[unknown] = append(into[unknown], d.figure(svg, caption, legend))
}

func (d *drawing) series(list []Series, height float64, what, caption string) (out []figure) {
	for i := range list {
		if i == maxSeries {
			d.omitted = append(d.omitted, fmt.Sprintf("%d more %s", len(list)-maxSeries, what))
			break
		}
		s := list[i]
		if len(s.Channels) == 0 || len(s.Time) == 0 {
			continue
		}
		if len(s.Channels) > maxTracks {
			d.omitted = append(d.omitted, fmt.Sprintf("%d more channels of %s", len(s.Channels)-maxTracks, s.Entry))
			s.Channels = s.Channels[:maxTracks]
		}
		svg, drawn, outside := seriesFigure(&s, d.page.TimeUnit, d.next(), height, d.bucket)
		text := s.Caption
		if text == "" {
			text = fmt.Sprintf(caption, s.Entry)
		}
		if outside {
			text += " Parts of the free run lie outside the frame."
		}
		out = append(out, d.figure(svg, text, keys(keyTexts, drawn)))
	}
	return out
}

func (d *drawing) portraits() (out []figure) {
	list := d.page.Portraits
	for i := range list {
		if i == maxPortrait {
			d.omitted = append(d.omitted, fmt.Sprintf("%d more phase portraits", len(list)-maxPortrait))
			break
		}
		q := &list[i]
		if len(q.Axes) < 2 {
			continue
		}
		caption := q.Caption
		if caption == "" {
			caption = "Phase portraits of the data (left) and of the model running free (right), on the same axes. On a chaotic attractor the two agree as sets, not point by point."
		}
		svg := portraitFigure(q, d.next(), min(5000, maxOrbitPoints/(2*min(maxPortrait, len(list)))))
		out = append(out, d.figure(svg, caption, nil))
	}
	return out
}
