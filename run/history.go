package run

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"govern/journal"
)

// writeHistory rewrites history.csv from the finished steps. Phases (the part of
// a step's name before the first slash) stand in the order in which they began:
// they come one after the other. The steps of a phase are ordered by name,
// numbers in names by value, because the order in which concurrent steps end is
// not the same in two runs. The file is not synced: it follows from the
// checkpoints.
func (r *Recorder) writeHistory() error {
	r.writing.Lock()
	defer r.writing.Unlock()
	rows := r.History()
	path := r.dir.File(HistoryFile)
	if err := replace(r.dir.fs, path, func(w io.Writer) error { return writeRows(w, rows) }, false); err != nil {
		return &WriteError{path, err}
	}
	return nil
}

// History returns the rows of the finished steps in the order of history.csv.
func (r *Recorder) History() []journal.Row {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(r.finished))
	for name := range r.finished {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if c := r.phases[phase(a)] - r.phases[phase(b)]; c != 0 {
			return c
		}
		return compareNatural(a, b)
	})
	var rows []journal.Row
	for _, name := range names {
		rows = append(rows, r.finished[name]...)
	}
	return rows
}

func writeRows(w io.Writer, rows []journal.Row) error {
	buffered := bufio.NewWriter(w)
	out := csv.NewWriter(buffered)
	if err := out.Write([]string{"stage", "iteration", "objective", "damping", "omega", "terms",
		"observations", "segment", "gain", "noise"}); err != nil {
		return err
	}
	for _, row := range rows {
		if err := out.Write([]string{row.Stage, strconv.Itoa(row.Iteration), formatCell(row.Objective),
			formatCell(row.Damping), formatCell(row.Omega), strconv.Itoa(row.Terms),
			strconv.Itoa(row.Observations), strconv.Itoa(row.Segment), formatCell(row.Gain), formatList(row.Noise)}); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return buffered.Flush()
}

// formatList writes numbers separated by spaces.
func formatList(values []float64) string {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = formatCell(v)
	}
	return strings.Join(cells, " ")
}

// compareNatural orders names so that step 2 comes before step 10. It is a
// total order: names that differ in leading zeros only are ordered as text.
func compareNatural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		i, j := digits(x), digits(y)
		if i > 0 && j > 0 {
			m, n := strings.TrimLeft(x[:i], "0"), strings.TrimLeft(y[:j], "0")
			if len(m) != len(n) {
				return len(m) - len(n)
			}
			if c := strings.Compare(m, n); c != 0 {
				return c
			}
			x, y = x[i:], y[j:]
			continue
		}
		if x[0] != y[0] {
			return int(x[0]) - int(y[0])
		}
		x, y = x[1:], y[1:]
	}
	if x != "" || y != "" {
		return len(x) - len(y)
	}
	return strings.Compare(a, b)
}

// digits returns how many digits s begins with.
func digits(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return len(s)
}
