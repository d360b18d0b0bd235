// Package problem reads problem files: which data, which model, what the
// columns measure, and how to search. Reading decides everything that can be
// decided without the data; opening turns the data into entries of a fit.
package problem

import (
	"path/filepath"
	"slices"

	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/note"
	"govern/series"
)

// Problem is what is to be learned from what.
type Problem struct {
	Name     string // of runs: the problem file's, else the model's, else that of the file
	Path     string // of the file it was read from
	Model    *model.Model
	Data     []Data // at least one, not all of them tests
	Fit      fit.Options
	Discover discover.Options

	// Notes is set by Open: what it took for granted about the data.
	Notes []note.Note

	files *files // what has been read of Data; shared by copies
}

// Data is one file of data.
type Data struct {
	File string          // its path, as it can be opened
	Time series.TimeSpec // zero: the first column; Open fills in its name

	// Observe says what the columns measure. Empty: every column that is named
	// like a state measures that state; Open fills in which they are.
	Observe []Observation

	Inputs map[string]string  // input of the model → column
	Hold   map[string]Hold    // input → what it does between samples; absent: HoldAuto
	Set    map[string]float64 // parameter → its value for these data
	Noise  map[string]float64 // column → standard deviation; absent: to be estimated
	Use    Use

	// Regimes are the times, in the model's unit, at which another regime begins: the
	// k-th stretch of every entry is regime k, and coefficients may differ between
	// regimes. They rise. Samples within Guard of them belong to none.
	Regimes []float64
	Guard   float64
}

// Observation says that a column measures an expression of the states.
type Observation struct {
	Column     string
	Expression *expr.Expr // as written: it may use the model's definitions
}

// Hold says what an input does between samples.
type Hold string

const (
	HoldAuto     Hold = "auto"     // previous where it stays at most samples and then jumps, else linear; the likelihood decides in the end
	HoldPrevious Hold = "previous" // keeps its value until the next sample
	HoldLinear   Hold = "linear"
)

// Use says what data serve for.
type Use string

const (
	Train Use = "train" // what is fitted
	Test  Use = "test"  // what the fit is held against, and no part of until the final refit

	// Split trains on the first 80 % of the samples and tests on the rest. It is
	// the default unless another entry says test; then Train is.
	Split Use = "split"
)

// Files returns the paths of all data files, each once, in the order of the
// problem.
func (p *Problem) Files() []string {
	var files []string
	for _, d := range p.Data {
		if !slices.Contains(files, d.File) {
			files = append(files, d.File)
		}
	}
	return files
}

// stem is a file's name without directory and extension.
func stem(path string) string {
	base := filepath.Base(path)
	if name := base[:len(base)-len(filepath.Ext(base))]; name != "" {
		return name
	}
	return base
}
