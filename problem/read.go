package problem

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml/ast"

	"govern/expr"
	"govern/internal/strict"
	"govern/model"
)

// Load reads a problem file, and the model file that it names, but opens no
// data. Its error is a *expr.Diagnostic or an expr.DiagnosticList.
func Load(path string) (*Problem, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		d := &expr.Diagnostic{File: path, Text: "the problem file cannot be read: " + err.Error()}
		if errors.Is(err, fs.ErrNotExist) {
			d.Text, d.Hint = "there is no such problem file", "give the path of a YAML file with model: and data:"
		}
		return nil, d
	}
	return Read(path, text)
}

// Read is Load for a file whose text is at hand. Paths in it are relative to
// the directory of path.
func Read(path string, text []byte) (*Problem, error) {
	document, root, err := strict.Parse(path, text)
	if err != nil {
		return nil, err
	}
	r := &reader{Document: document, dir: filepath.Dir(path), problem: &Problem{Path: path, files: &files{}}}
	keys := r.Keys(root, "the problem", "name", "model", "data", "fit", "discover")
	if n := keys["model"]; n != nil {
		if r.problem.Model, err = r.model(n); err != nil {
			return nil, err
		}
	} else if r.Err() == nil {
		r.Report(root, "add model: with a model, the path of one, or the name of one in the catalogue", "the problem has no model")
	}
	if n := keys["data"]; n != nil {
		r.data(n)
	} else if r.Err() == nil {
		r.Report(root, "add data: [{file: train.csv}]", "the problem has no data")
	}
	r.problem.Fit = r.fit(keys["fit"])
	r.problem.Discover = r.discover(keys["discover"])
	r.problem.Name = r.name(keys["name"])
	if err := r.Err(); err != nil {
		return nil, err
	}
	return r.problem, nil
}

// reader turns the parts of a problem file into a problem. Its model is nil
// when that was wrong; then only names go unchecked.
type reader struct {
	*strict.Document
	dir     string // paths are relative to it
	problem *Problem
}

// model reads the model that stands in the problem file, or is named there.
// Mistakes in the problem file are reported; the error is about another file.
func (r *reader) model(n ast.Node) (*model.Model, error) {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		m, err := model.FromNode(r.File, []byte(r.Text), n)
		return m, r.adopt(n, err)
	case *ast.NullNode:
		r.Report(n, "", "model: is empty")
		return nil, nil
	}
	ref := r.String(n, "model")
	if ref == "" {
		return nil, nil
	}
	m, err := model.Load(ref, r.dir)
	return m, r.adopt(n, err)
}

// adopt reports an error about a model at its place in the problem file, and
// returns it when it has a place in another file.
func (r *reader) adopt(n ast.Node, err error) error {
	var one *expr.Diagnostic
	var list expr.DiagnosticList
	switch {
	case errors.As(err, &list) && list[0].File == r.File:
		r.Add(list...)
		return nil
	case errors.As(err, &one) && one.Pos == expr.Pos{}:
		text := one.Text
		if one.File != "" {
			text += ": " + one.File
		}
		r.Report(n, one.Hint, "%s", text)
		return nil
	}
	return err
}

func (r *reader) name(n ast.Node) string {
	switch m := r.problem.Model; {
	case n != nil:
		return r.String(n, "name")
	case m != nil && m.Name != "":
		return m.Name
	}
	return stem(r.problem.Path)
}

// count is the number of mistakes so far.
func (r *reader) count() int {
	list, _ := r.Err().(expr.DiagnosticList)
	return len(list)
}

// positive returns a number above zero.
func (r *reader) positive(n ast.Node, what string) float64 {
	before := r.count()
	v := r.Number(n, what)
	if v <= 0 && r.count() == before {
		r.Report(n, "", "%s must be above zero", what)
	}
	return v
}

// didYouMean suggests a candidate for a misspelt word, or lists them all.
func didYouMean(word string, candidates []string) string {
	if s := expr.Suggest(word, candidates); s != "" {
		return fmt.Sprintf("did you mean %s?", s)
	}
	return "known are " + enumerate(candidates)
}
