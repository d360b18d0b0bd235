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

//go:embed style.css
var styleSource string

// Limits that keep a page below two megabytes; what is left out is said.
const (
	maxSeries      = 8  // figures of series
	maxTracks      = 12 // channels of one figure
	maxCurves      = 20
	maxPortrait    = 6
	fineCurves     = 40     // of series, drawn with all detail that a screen shows; more are drawn coarser
	maxOrbitPoints = 30_000 // in all portraits together
)

// Render writes the page. Equal pages give equal bytes.
func Render(w io.Writer, p *Page) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"math":        func(e *expr.Expr) template.HTML { return template.HTML(formula(e)) },
		"name":        func(s string) template.HTML { return template.HTML(mathElement(mathName(s))) },
		"derivative":  func(s string) template.HTML { return template.HTML(derivative(s)) },
		"sum":         func(e *expr.Expr) template.HTML { return template.HTML(strings.Join(sum(e), "<wbr>")) },
		"signature":   signature,
		"var":         expr.Var,
		"ratio":       func(a, b float64) float64 { return a / b },
		"latex":       func(e *expr.Expr) string { return e.LaTeX() },
		"digits":      significant,
		"defined":     func(v float64) bool { return !math.IsNaN(v) },
		"estimate":    newInterval,
		"termRow":     func(t Term) interval { return newInterval(t.Coefficient, t.Low, t.High) },
		"percent":     percent,
		"perTime":     func() string { return perTime(p.TimeUnit) },
		"figures":     func() figures { return draw(p) },
		"verdict":     func() verdict { return judge(p) },
		"measures":    measures,
		"lyapunov":    lyapunovList,
		"linear":      func(u Unknown) bool { return len(u.Terms) > 1 || len(u.Terms) == 1 && !math.IsNaN(u.Terms[0].Low) },
		"style":       func() template.CSS { return template.CSS(styleSource) },
		"anyNudged":   func() bool { return anyChannel(p, func(c Channel) float64 { return c.Nudged }) },
		"anyLearned":  func() bool { return anyLearned(p) },
		"closeEnough": func(distance, floor float64) string { return besideFloor(distance, floor) },
	}).Parse(pageSource)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
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
		return verdict{"good", "A formula was found"}
	case "ambiguous":
		return verdict{"fair", "A formula was found, but the data cannot tell it from others"}
	case "not_converged":
		return verdict{"bad", "The fit did not converge: do not rely on these equations"}
	case "no_model":
		return verdict{"bad", "No formula passed the checks"}
	case "neural_only":
		return verdict{"bad", "A neural form fits, but no formula was found for it"}
	}
	return verdict{"fair", p.Status}
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
	worst, column := math.NaN(), ""
	for _, c := range p.Channels {
		if !math.IsNaN(c.Free) && !(c.Free <= worst) {
			worst, column = c.Free, c.Column
		}
	}
	if column != "" {
		add(100*worst, 2, "% of std", "free-running error, worst channel ("+column+")")
	}
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
	Legend  []string // classes of the curves that were drawn: data, data dots, nudged, model
}

type figures struct {
	Portraits, Series, History []figure
	Omitted                    string
}

// draw numbers and draws all figures in the order of the page.
func draw(p *Page) figures {
	var f figures
	number := 0
	add := func(list *[]figure, svg, caption string, legend ...string) {
		*list = append(*list, figure{number, template.HTML(svg), caption, legend})
	}
	next := func() string { number++; return fmt.Sprintf("f%d", number) }
	var omitted []string

	curves := 0
	for i := range p.Series[:min(maxSeries, len(p.Series))] {
		curves += 2 * min(maxTracks, len(p.Series[i].Channels))
	}
	bucket := max(1, float64(curves)/fineCurves)
	for i := range p.Series {
		if i == maxSeries {
			omitted = append(omitted, fmt.Sprintf("%d more entries", len(p.Series)-maxSeries))
			break
		}
		s := p.Series[i]
		if len(s.Channels) == 0 || len(s.Time) == 0 {
			continue
		}
		if len(s.Channels) > maxTracks {
			omitted = append(omitted, fmt.Sprintf("%d more channels of %s", len(s.Channels)-maxTracks, s.Entry))
			s.Channels = s.Channels[:maxTracks]
		}
		svg, drawn, outside := seriesFigure(&s, p.TimeUnit, next(), bucket)
		caption := s.Caption
		if caption == "" {
			caption = "Data of " + s.Entry + " and the model running free: it gets no data after the start of its curve."
		}
		if outside {
			caption += " Parts of the free run lie outside the frame."
		}
		add(&f.Series, svg, caption, drawn...)
	}
	for i := range p.Portraits {
		if i == maxPortrait {
			omitted = append(omitted, fmt.Sprintf("%d more phase portraits", len(p.Portraits)-maxPortrait))
			break
		}
		q := &p.Portraits[i]
		if len(q.Axes) < 2 {
			continue
		}
		caption := q.Caption
		if caption == "" {
			caption = "Phase portraits of the data (left) and of the model running free (right), on the same axes. On a chaotic attractor the two agree as sets, not point by point."
		}
		svg := portraitFigure(q, next(), min(5000, maxOrbitPoints/(2*min(maxPortrait, len(p.Portraits)))))
		add(&f.Portraits, svg, caption)
	}
	if stages := longest(descents(p.History), maxCurves); len(stages) > 0 {
		caption := "Convergence of the fits: the objective (−2 log posterior) above the least value that its minimisation reached, by iteration; each line is one minimisation."
		if all := len(descents(p.History)); len(stages) < all {
			caption += fmt.Sprintf(" The %d longest of %d; history.csv has all.", len(stages), all)
		}
		svg := historyFigure(stages, next())
		add(&f.History, svg, caption)
	}
	if omitted != nil {
		f.Omitted = "Not drawn: " + strings.Join(omitted, ", ") + "; they are in trajectories.csv."
	}
	return f
}

// descents are the minimisations of more than one iteration.
func descents(all []Curve) []Curve {
	return slices.DeleteFunc(slices.Clone(all), func(c Curve) bool { return len(c.Objective) < 2 })
}

// longest keeps the curves with the most iterations, in their order; the
// earlier of two equally long ones.
func longest(curves []Curve, limit int) []Curve {
	order := make([]int, len(curves))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return len(curves[j].Objective) - len(curves[i].Objective) })
	order = order[:min(limit, len(order))]
	slices.Sort(order)
	var kept []Curve
	for _, i := range order {
		kept = append(kept, curves[i])
	}
	return kept
}
