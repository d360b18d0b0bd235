// Package strict reads YAML files that people write: every key must be known,
// every value of the right kind, and every mistake is reported at its place.
package strict

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"govern/expr"
)

// Document is a file that is being read. The methods that read report what is
// wrong in it and return a zero value; Err says whether anything was.
type Document struct {
	File string
	Text string
	list expr.DiagnosticList
}

// Parse returns the one document of a YAML text and its root. Its error is a
// *expr.Diagnostic.
func Parse(file string, text []byte) (*Document, ast.Node, error) {
	d := &Document{File: file, Text: string(text)}
	if !utf8.Valid(text) {
		return nil, nil, &expr.Diagnostic{File: file, Text: "the file is not UTF-8 text", Hint: "save it in the encoding UTF-8"}
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, nil, d.syntax(err)
	}
	parsed.Docs = slices.DeleteFunc(parsed.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	switch {
	case len(parsed.Docs) == 0:
		return nil, nil, &expr.Diagnostic{File: file, Text: "the file is empty"}
	case len(parsed.Docs) > 1:
		d.Report(parsed.Docs[1].Body, "", "a second YAML document in the file")
		return nil, nil, d.list[0]
	}
	return d, parsed.Docs[0].Body, nil
}

func (d *Document) syntax(err error) *expr.Diagnostic {
	var located interface {
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &located) {
		return &expr.Diagnostic{File: d.File, Text: err.Error()}
	}
	x := d.diagnostic(place(located.GetToken()), 1, "", "YAML: "+located.GetMessage())
	if strings.HasPrefix(x.Source, "\t") {
		x.Hint = "indent with spaces"
	}
	return x
}

// Err returns what was reported as an expr.DiagnosticList, or nil.
func (d *Document) Err() error {
	if len(d.list) == 0 {
		return nil
	}
	d.list.Sort()
	return d.list
}

// Report adds a diagnostic at a node; the hint may be empty.
func (d *Document) Report(n ast.Node, hint, format string, args ...any) {
	pos, width := Place(n)
	d.Add(d.diagnostic(pos, width, hint, fmt.Sprintf(format, args...)))
}

// ReportAt adds a diagnostic at a place of the file.
func (d *Document) ReportAt(pos expr.Pos, width int, hint, format string, args ...any) {
	d.Add(d.diagnostic(pos, width, hint, fmt.Sprintf(format, args...)))
}

// Add adds diagnostics that were found in the file by others.
func (d *Document) Add(list ...*expr.Diagnostic) {
	for _, x := range list {
		x.Quote(d.Text)
	}
	d.list = append(d.list, list...)
}

// Note returns a diagnostic at a place of the file without adding it: a warning.
func (d *Document) Note(pos expr.Pos, width int, hint, format string, args ...any) *expr.Diagnostic {
	return d.diagnostic(pos, width, hint, fmt.Sprintf(format, args...))
}

func (d *Document) diagnostic(pos expr.Pos, width int, hint, text string) *expr.Diagnostic {
	x := &expr.Diagnostic{File: d.File, Pos: pos, Width: width, Text: text, Hint: hint}
	x.Quote(d.Text)
	return x
}

// Place returns where a node begins and how many characters it has on that line.
func Place(n ast.Node) (expr.Pos, int) {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	t := n.GetToken()
	if t == nil {
		return expr.Pos{}, 1
	}
	width := utf8.RuneCountInString(t.Value)
	if isQuoted(t) {
		width += 2
	}
	return place(t), max(1, width)
}

func place(t *token.Token) expr.Pos {
	if t == nil || t.Position == nil {
		return expr.Pos{}
	}
	return expr.Pos{Line: max(1, t.Position.Line), Column: max(1, t.Position.Column)}
}

func isQuoted(t *token.Token) bool {
	return t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
}

// Field is one key of a mapping and its value.
type Field struct {
	Name  string
	Key   ast.Node
	Value ast.Node
}

// Fields returns the entries of a mapping in the order of the file, with any
// keys; the YAML parser has refused duplicates. An absent value ({} or nothing) is an empty mapping.
func (d *Document) Fields(n ast.Node, what string) []Field {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
	default:
		d.Report(n, "", "%s must be a mapping, key: value", what)
	}
	var fields []Field
	for _, v := range values {
		name, ok := scalar(v.Key)
		if !ok {
			d.Report(v.Key, "", "%s: a key must be plain text", what)
			continue
		}
		fields = append(fields, Field{name, v.Key, v.Value})
	}
	return fields
}

// Keys returns the values of a mapping's known keys; others are reported, with
// a suggestion.
func (d *Document) Keys(n ast.Node, what string, known ...string) map[string]ast.Node {
	values := map[string]ast.Node{}
	for _, f := range d.Fields(n, what) {
		if !slices.Contains(known, f.Name) {
			hint := "known are " + strings.Join(known, ", ")
			if s := expr.Suggest(f.Name, known); s != "" {
				hint = "did you mean " + s + "?"
			}
			d.Report(f.Key, hint, "unknown key %q in %s", f.Name, what)
			continue
		}
		values[f.Name] = f.Value
	}
	return values
}

// String returns the text of a scalar.
func (d *Document) String(n ast.Node, what string) string {
	s, ok := scalar(n)
	if !ok {
		d.Report(n, "", "%s must be a text", what)
	}
	return s
}

// scalar returns the text of a scalar as it is written, whatever YAML takes it
// for: a state may be called y or null.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	case *ast.NullNode:
		t := n.GetToken()
		return t.Value, t.Type == token.NullType
	}
	return "", false
}

// Bool returns true or false.
func (d *Document) Bool(n ast.Node, what string) bool {
	if b, ok := n.(*ast.BoolNode); ok {
		return b.Value
	}
	d.Report(n, "", "%s must be true or false", what)
	return false
}

// Number returns a finite number, which may be written as an expression without
// names: 8/3.
func (d *Document) Number(n ast.Node, what string) float64 {
	v, _ := d.number(n, what)
	return v
}

func (d *Document) number(n ast.Node, what string) (v float64, ok bool) {
	if _, null := n.(*ast.NullNode); null {
		d.Report(n, "write a number, as in 2.5 or 8/3", "%s is missing", what)
		return 0, false
	}
	if _, ok := scalar(n); !ok {
		d.Report(n, "write a number, as in 2.5 or 8/3", "%s must be a number", what)
		return 0, false
	}
	e := d.Expression(n, what)
	if e == nil {
		return 0, false
	}
	v, err := expr.Eval(e, func(string) (float64, bool) { return 0, false })
	switch {
	case err != nil:
		d.Report(n, "write a number, as in 2.5 or 8/3", "%s must be a number", what)
	case math.IsNaN(v) || math.IsInf(v, 0):
		d.Report(n, "", "%s has no finite value", what)
	default:
		return v, true
	}
	return 0, false
}

// Integer returns a whole number between low and high.
func (d *Document) Integer(n ast.Node, what string, low, high int) int {
	v, ok := d.number(n, what)
	if ok && (v != math.Trunc(v) || v < float64(low) || v > float64(high)) {
		d.Report(n, "", "%s must be a whole number from %d to %d", what, low, high)
		return low
	}
	return int(v)
}

// Expression returns the expression that a scalar holds, nil when it is wrong.
func (d *Document) Expression(n ast.Node, what string) *expr.Expr {
	text, ok := scalar(n)
	if _, block := n.(*ast.LiteralNode); block || !ok {
		d.Report(n, "", "%s must be an expression on one line", what)
		return nil
	}
	pos := Content(n)
	e, err := expr.ParseAt(d.File, pos.Line, pos.Column, text)
	var wrong *expr.Diagnostic
	if errors.As(err, &wrong) {
		d.Add(wrong)
		return nil
	}
	return e
}

// Content returns where the text of a scalar on one line begins.
func Content(n ast.Node) expr.Pos {
	pos, _ := Place(n)
	if t := n.GetToken(); t != nil && isQuoted(t) {
		pos.Column++
	}
	return pos
}

// Items returns the items of a list.
func (d *Document) Items(n ast.Node, what string) []ast.Node {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.Report(n, "write [a, b]", "%s must be a list", what)
		return nil
	}
	return list.Values
}

// Block returns a text of several lines and where it begins: all its lines
// begin at that column.
func (d *Document) Block(n ast.Node, what string) (text string, begin expr.Pos) {
	const keepLines = "write | after the key, and the lines below it"
	block, ok := n.(*ast.LiteralNode)
	if !ok {
		text, ok = scalar(n)
		switch {
		case !ok:
			d.Report(n, keepLines, "%s must be a text", what)
		case strings.Contains(strings.TrimSpace(n.GetToken().Origin), "\n"):
			d.Report(n, keepLines, "YAML joins the lines of %s", what)
			text = ""
		}
		return text, Content(n)
	}
	text = block.Value.Value
	if strings.HasPrefix(block.Start.Value, ">") {
		d.Report(n, keepLines, "YAML joins the lines of %s", what)
		return "", Content(n)
	}
	begin = expr.Pos{Line: block.Start.Position.Line + 1, Column: 1}
	lines := strings.Split(d.Text, "\n")
	for i, line := range strings.Split(text, "\n") {
		raw := ""
		if k := begin.Line - 1 + i; k < len(lines) {
			raw = strings.TrimSuffix(lines[k], "\r")
		}
		if strings.TrimSpace(line) != "" && strings.HasSuffix(raw, line) {
			begin.Column = 1 + utf8.RuneCountInString(strings.TrimSuffix(raw, line))
			break
		}
	}
	return text, begin
}
