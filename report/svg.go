package report

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// canvas collects the elements of one figure. Colours and fonts are classes of
// style.css, so that a figure follows light, dark and print.
type canvas struct {
	strings.Builder
	width, height float64
	prefix        string // of the ids in this figure; distinct in a page
	clips         int
}

func (c *canvas) element(format string, args ...any) { fmt.Fprintf(c, format+"\n", args...) }

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.element(`<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, px(x1), px(y1), px(x2), px(y2))
}

// frame is the border and ground of a panel.
func (c *canvas) frame(x, y, w, h float64) {
	c.element(`<rect class="frame" x="%s" y="%s" width="%s" height="%s"/>`, px(x), px(y), px(w), px(h))
}

// text writes at a baseline; anchor is start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, s string) {
	c.element(`<text class="%s" text-anchor="%s" x="%s" y="%s">%s</text>`, class, anchor, px(x), px(y), html.EscapeString(s))
}

// upward writes text turned by 90° around its middle.
func (c *canvas) upward(class string, x, y float64, s string) {
	c.element(`<text class="%s" text-anchor="middle" transform="translate(%s %s) rotate(-90)">%s</text>`, class, px(x), px(y), html.EscapeString(s))
}

// clip returns the attribute that keeps an element inside a rectangle.
func (c *canvas) clip(x, y, w, h float64) string {
	c.clips++
	id := fmt.Sprintf("%s-%d", c.prefix, c.clips)
	c.element(`<clipPath id="%s"><rect x="%s" y="%s" width="%s" height="%s"/></clipPath>`, id, px(x), px(y), px(w), px(h))
	return `clip-path="url(#` + id + `)"`
}

func (c *canvas) path(class, attributes, d string) {
	if d != "" {
		c.element(`<path class="%s" %s d="%s"/>`, class, attributes, d)
	}
}

// svg closes the figure. Readers that cannot see it are given its title and the
// caption below it, the element PREFIX-caption.
func (c *canvas) svg(title string) string {
	return fmt.Sprintf(`<svg viewBox="0 0 %s %s" role="img" aria-labelledby="%[3]s-title" aria-describedby="%[3]s-caption">`+
		"\n<title id=\"%[3]s-title\">%[4]s</title>\n%[5]s</svg>", px(c.width), px(c.height), c.prefix, html.EscapeString(title), c.String())
}

// px writes a coordinate with one decimal.
func px(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

// point is a place in pixels; NaN in either breaks a curve.
type point struct{ x, y float64 }

func (p point) gap() bool {
	return math.IsNaN(p.x) || math.IsNaN(p.y) || math.IsInf(p.x, 0) || math.IsInf(p.y, 0)
}

// curve is the path through points. A point between two gaps becomes a dot.
func curve(points []point) string {
	var b strings.Builder
	pen := false
	for i, p := range points {
		if p.gap() {
			pen = false
			continue
		}
		switch {
		case pen:
			b.WriteByte('L')
		default:
			b.WriteByte('M')
		}
		b.WriteString(px(p.x))
		b.WriteByte(' ')
		b.WriteString(px(p.y))
		if !pen && (i+1 == len(points) || points[i+1].gap()) {
			b.WriteString("h0")
		}
		pen = true
	}
	return b.String()
}

// dots is a path of dots; the class gives them a round cap.
func dots(points []point) string {
	var b strings.Builder
	for _, p := range points {
		if !p.gap() {
			b.WriteString("M" + px(p.x) + " " + px(p.y) + "h0")
		}
	}
	return b.String()
}
