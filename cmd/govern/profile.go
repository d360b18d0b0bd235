package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"govern"
	"govern/journal"
	"govern/problem"
	"govern/profile"
	"govern/report"
	"govern/run"
)

func (a *app) profileCommand() *cobra.Command {
	var o profile.Options
	c := &cobra.Command{
		Use:   "profile RUN --parameter NAME",
		Short: "Follow the profile likelihood of a fitted number",
		Long: `profile takes a finished run with a formula and holds one of its numbers, a fitted
parameter or the coefficient of a term, at values away from the best, while all
others and the states are fitted again. It prints the 95 % interval where
-2 log L has risen by 3.84, or says on which side the data leave it open, and writes
a run directory with profile.csv, profile.json and profile.html. An interrupted
profile is continued by ` + "`govern resume`" + `; finished refits are kept.`,
		Example: `  govern profile runs/rossler-001 --parameter c
  govern profile runs/rossler-001 --parameter "f: x*z" -o profiled`,
		Args: exactly("RUN"),
		RunE: func(c *cobra.Command, args []string) error {
			if o.Points < 2 {
				return usagef("--points %d: a profile has at least two", o.Points)
			}
			if o.Parameter == "" {
				return usagef("profile: --parameter says which number is wanted")
			}
			p, r, text, err := a.finished(args[0])
			if err != nil {
				return err
			}
			if sameFile(args[0], a.output) {
				return &adviceError{usagef("-o %s: that is the run whose profile is wanted", a.output), "choose another directory, or leave -o out"}
			}
			if err := profile.Check(p, r, o); err != nil {
				return err
			}
			if _, err := p.Open(); err != nil {
				return err
			}
			s, err := a.create(taskProfile, p, text, map[string]string{"parameter": o.Parameter, "points": strconv.Itoa(o.Points)})
			if err != nil {
				return err
			}
			defer s.dir.Close()
			return a.work(c.Context(), s)
		},
	}
	c.Flags().StringVar(&o.Parameter, "parameter", "", "a fitted parameter, or a term such as x*y or \"f: x*y\"")
	c.Flags().IntVar(&o.Points, "points", 24, "refits at most, half of them on each side")
	return c
}

// finished reads the problem and the result of a finished run.
func (a *app) finished(dir string) (*problem.Problem, *run.Result, []byte, error) {
	manifest, err := run.ReadManifest(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	r, err := run.ReadResult(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, &usageError{&run.UnfinishedError{Dir: dir}}
	}
	if err != nil {
		return nil, nil, nil, &usageError{err}
	}
	p, err := problem.Load(filepath.Join(dir, run.ProblemFile))
	if err != nil {
		return nil, nil, nil, &usageError{err}
	}
	text, err := os.ReadFile(filepath.Join(dir, run.ResultFile))
	a.warnOfEdits(manifest, p)
	return p, r, text, err
}

// profile runs what is left of a profile, writes and prints it.
func (a *app) profile(ctx context.Context, s *session, settings govern.Settings, bar journal.Monitor) error {
	points, err := strconv.Atoi(s.manifest.Options["points"])
	if err != nil {
		return fmt.Errorf("%s: options.points: %w", run.ManifestFile, err)
	}
	out, err := profile.Of(ctx, s.problem, s.formula, profile.Options{Parameter: s.manifest.Options["parameter"], Points: points}, settings)
	if err := a.stopped(ctx, s, bar, err); err != nil {
		return err
	}
	text, err := encodeProfile(out)
	if err != nil {
		return a.unfinished(s, err)
	}
	lines := sayProfile(out)
	page := &report.Profile{Title: s.problem.Name, Parameter: out.Parameter, Text: lines, Values: out.Values, Rise: out.Rise,
		Value: out.Value, Sigma: out.Sigma, Level: profile.Level, Low: out.Low.At, High: out.High.At}
	return a.leave(s, run.ProfileFile, text, func(w io.Writer) { fmt.Fprintln(w, strings.Join(lines, "\n")) },
		file{run.ProfileTableFile, func(w io.Writer) error { return writeProfile(w, out) }},
		file{run.ProfilePageFile, func(w io.Writer) error { return report.RenderProfile(w, page) }})
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
