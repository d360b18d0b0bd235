package task

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"govern/conclude"
	"govern/journal"
	"govern/profile"
	"govern/report"
	"govern/run"
)

// profiling begins with the result of an earlier run.
func profiling() kind {
	return kind{
		name: Profile, start: run.FormulaFile, holds: "the formula",
		check: func(t *Task) error {
			_, err := run.DecodeResult(t.start)
			return err
		},
		run: runProfile,
	}
}

// runProfile follows a profile, by the options of the manifest.
func runProfile(ctx context.Context, t *Task, s conclude.Settings) (*leaving, error) {
	points, err := strconv.Atoi(t.Manifest.Options["points"])
	if err != nil {
		return nil, fmt.Errorf("%s: options.points: %w", run.ManifestFile, err)
	}
	formula, err := run.DecodeResult(t.start)
	if err != nil {
		return nil, err
	}
	out, err := profile.Of(ctx, t.Problem, formula, profile.Options{Parameter: t.Manifest.Options["parameter"], Points: points}, s)
	if err != nil {
		return nil, err
	}
	text, err := encodeProfile(out)
	if err != nil {
		return nil, err
	}
	lines := sayProfile(out)
	page := &report.Profile{Title: t.Problem.Name, Parameter: out.Parameter, Text: lines, Values: out.Values, Rise: out.Rise,
		Value: out.Value, Sigma: out.Sigma, Level: profile.Level, Low: out.Low.At, High: out.High.At}
	files := []file{
		{run.ProfileTableFile, func(w io.Writer) error { return writeProfile(w, out) }},
		{run.ProfilePageFile, func(w io.Writer) error { return report.RenderProfile(w, page) }},
	}
	return &leaving{
		done:  &Done{JSON: text, Print: func(w io.Writer) { fmt.Fprintln(w, strings.Join(lines, "\n")) }},
		files: func([]journal.Row) []file { return files }, last: run.ProfileFile,
	}, nil
}

// ProfileOptions are the options of a profile as a request has them.
func ProfileOptions(o profile.Options) map[string]string {
	return map[string]string{"parameter": o.Parameter, "points": strconv.Itoa(o.Points)}
}

// sayProfile puts a profile into words.
func sayProfile(p *profile.Profile) []string {
	low, high := "open", "open"
	if !p.Low.Open {
		low = fmt.Sprintf("%.6g", p.Low.At)
	}
	if !p.High.Open {
		high = fmt.Sprintf("%.6g", p.High.At)
	}
	out := []string{fmt.Sprintf("%s = %.6g, 95 %% interval by profile likelihood: [%s, %s]", p.Parameter, p.Value, low, high)}
	if p.Low.Open {
		out = append(out, "open below: "+p.Low.Why)
	}
	if p.High.Open {
		out = append(out, "open above: "+p.High.Why)
	}
	return out
}

func writeProfile(w io.Writer, p *profile.Profile) error {
	rows := [][]string{{"value", "rise"}}
	for i, v := range p.Values {
		rows = append(rows, []string{shortest(v), shortest(p.Rise[i])})
	}
	return csv.NewWriter(w).WriteAll(rows)
}

func encodeProfile(p *profile.Profile) ([]byte, error) {
	type end struct {
		At   run.Number `json:"at"` // null where it is open
		Open bool       `json:"open"`
		Why  string     `json:"why,omitempty"`
	}
	text, err := json.MarshalIndent(struct {
		Parameter string       `json:"parameter"`
		Value     run.Number   `json:"value"`
		Low       end          `json:"low"`
		High      end          `json:"high"`
		Level     run.Number   `json:"level"`
		Values    []run.Number `json:"values"`
		Rise      []run.Number `json:"rise"` // of −2 log L
	}{p.Parameter, run.Number(p.Value), end{run.Number(p.Low.At), p.Low.Open, p.Low.Why}, end{run.Number(p.High.At), p.High.Open, p.High.Why},
		profile.Level, run.Numbers(p.Values), run.Numbers(p.Rise)}, "", "  ")
	return append(text, '\n'), err
}
