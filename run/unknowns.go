package run

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"
)

// Unknowns are unknowns.csv: every learned function along each of its arguments,
// the others held at their medians over the data.
type Unknowns struct {
	Slices []Slice
}

// Slice is one function along one argument. All series are equally long.
type Slice struct {
	Unknown   string
	Varied    string      // the argument that moves
	Arguments []string    // all of them
	At        [][]float64 // by argument
	Value     []float64
	Low, High []float64 // 95 % band; NaN where there is none
	Density   []float64 // of the data around the point; 1 is that around the median sample of the data
}

// Write writes the slices as CSV, one row a point: unknown, varied, value, low,
// high, density, then one column an argument, in order of first appearance;
// cells of arguments that a function does not have are empty.
func (u *Unknowns) Write(w io.Writer) error {
	var names []string
	for _, s := range u.Slices {
		for _, a := range s.Arguments {
			if !slices.Contains(names, a) {
				names = append(names, a)
			}
		}
	}
	buffered := bufio.NewWriter(w)
	out := csv.NewWriter(buffered)
	header := []string{"unknown", "varied", "value", "low", "high", "density"}
	if err := out.Write(append(header, names...)); err != nil {
		return err
	}
	for _, s := range u.Slices {
		for i := range s.Value {
			row := []string{s.Unknown, s.Varied, cell(s.Value, i), cell(s.Low, i), cell(s.High, i), cell(s.Density, i)}
			for _, name := range names {
				text := ""
				if a := slices.Index(s.Arguments, name); a >= 0 {
					text = cell(s.At[a], i)
				}
				row = append(row, text)
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return buffered.Flush()
}
