package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"govern/conclude"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/problem"
	"govern/record"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check PROBLEM",
		Short: "Read, explain and judge a problem without fitting",
		Long: `check says what a problem file asks: the equations, what is unknown, what is
observed and what is hidden. It opens the data and judges sampling and noise.`,
		Args: exactly("PROBLEM"),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := loadProblem(args[0])
			if err != nil {
				return err
			}
			entries, err := p.Open()
			if err != nil {
				return err
			}
			train, _ := record.Split(entries)
			data, err := fit.Prepare(p.Model, train)
			if err != nil {
				return err
			}
			explainModel(a.stdout, p)
			explainData(a.stdout, entries, data, p.Model.TimeUnit)
			explainSearch(a.stdout, p, data)
			judge(a.stdout, p, data)
			return nil
		},
	}
}

func explainModel(w io.Writer, p *problem.Problem) {
	m := p.Model
	fmt.Fprintf(w, "problem   %s\n", p.Name)
	fmt.Fprintf(w, "equations\n")
	for _, e := range m.Equations {
		fmt.Fprintf(w, "    %s' = %s\n", e.State, e.Right)
	}
	for _, d := range m.Definitions {
		fmt.Fprintf(w, "    %s = %s\n", d.Name, d.Right)
	}
	for k, u := range m.Unknowns {
		fmt.Fprintf(w, "unknown   %s(%s): %s\n", u.Name, strings.Join(u.Arguments, ", "), networkText(u)+libraryText(p, k))
	}
	for _, q := range m.Parameters {
		if q.Fit {
			fmt.Fprintf(w, "fitted    %s, starting at %v%s%s\n", q.Name, q.Value, boundsText(q.Min, q.Max), believedText(q))
		}
	}
}

// networkText says through which network the formula of an unknown is sought.
func networkText(u model.Unknown) string {
	if u.Neural == nil {
		return ""
	}
	shape := "of a size chosen by evidence"
	if u.Neural.Hidden != nil {
		shape = fmt.Sprintf("with hidden layers %v", u.Neural.Hidden)
	}
	return "through a network " + shape + "; "
}

// libraryText says what unknown k of a problem will be looked for in.
func libraryText(p *problem.Problem, k int) string {
	u := p.Model.Unknowns[k]
	from, to := p.Discover.Degrees(p.Model, k)
	text := fmt.Sprintf("polynomials of degree %d to %d, chosen by evidence", from, to)
	if u.Library != nil && u.Library.Degree > 0 {
		text = fmt.Sprintf("polynomials of degree %d", to)
	}
	if u.Library != nil && len(u.Library.Functions) > 0 {
		text += ", and " + strings.Join(u.Library.Functions, ", ")
	}
	return text
}

// believedText says what is known of a fitted parameter before, and of which it has
// a value.
func believedText(q model.Parameter) string {
	text, of := "", ""
	if q.Each {
		text, of = ", a value for every entry", " of each"
	}
	if q.Spread {
		text, of = text+", drawn from one distribution of mean and spread", " of the mean"
	}
	if q.SD > 0 {
		text += fmt.Sprintf(", prior%s %v ± %v", of, q.Value, q.SD)
	}
	return text
}

func boundsText(low, high float64) string {
	switch {
	case !math.IsInf(low, 0) && !math.IsInf(high, 0):
		return fmt.Sprintf(", between %v and %v", low, high)
	case !math.IsInf(low, 0):
		return fmt.Sprintf(", at least %v", low)
	case !math.IsInf(high, 0):
		return fmt.Sprintf(", at most %v", high)
	}
	return ""
}

func explainData(w io.Writer, entries []record.Entry, data *fit.Data, unit string) {
	fmt.Fprintln(w, "data")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range entries {
		use := "train"
		if e.Test {
			use = "held out"
		}
		n := len(e.Times)
		fmt.Fprintf(t, "    %s\t%s\t%d samples\tt = %.6g to %.6g%s", e.Name, use, n, e.Times[0], e.Times[n-1], spaced(unit))
		for _, name := range sortedNames(e.Set) {
			fmt.Fprintf(t, "\t%s = %v", name, e.Set[name])
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush() // checkedWriter remembers its errors
	fmt.Fprintln(w, "channels")
	for _, c := range data.Channels {
		given := "estimated"
		if c.Given {
			given = "given"
		}
		fmt.Fprintf(t, "    %s\tmeasures %s\tstd %.4g\tnoise %.3g (%.2g %% of std, %s)\t%d samples\n",
			c.Label(), c.Observe, c.Std, c.Sigma0, 100*c.Sigma0/c.Std, given, c.Count)
	}
	_ = t.Flush()
	if hidden := hiddenStates(data); len(hidden) > 0 {
		fmt.Fprintf(w, "hidden    %s: no channel sees %s directly; found through the equations\n", strings.Join(hidden, ", "), pronoun(len(hidden)))
	}
	fmt.Fprintf(w, "sampling  %.3g samples a cycle; a cycle takes about %.4g%s\n", data.SamplesPerCycle(), 4*data.Time, spaced(unit))
}

// explainSearch lists the ways of a search, in order.
func explainSearch(w io.Writer, p *problem.Problem, data *fit.Data) {
	if len(p.Model.Unknowns) == 0 {
		return
	}
	fmt.Fprintln(w, "search    these ways, in order, until a formula passes the checks and nothing promises more")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, way := range discover.Ways(&fit.Engine{Data: data, Options: p.Fit}, p.Discover) {
		when := way.When
		if way.Excluded != "" {
			when = "not on this problem: " + way.Excluded
		}
		fmt.Fprintf(t, "    %s\t%s\t%s\n", way.Name, way.Cost, when)
	}
	_ = t.Flush()
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

func pronoun(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func spaced(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}

func sortedNames(m map[string]float64) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// hiddenStates are those that no channel measures.
func hiddenStates(data *fit.Data) []string {
	seen := map[string]bool{}
	for _, c := range data.Channels {
		for _, name := range expr.Names(c.Observe) {
			seen[name] = true
		}
	}
	var hidden []string
	for _, s := range data.Model.States {
		if !seen[s.Name] {
			hidden = append(hidden, s.Name)
		}
	}
	return hidden
}

// judge prints what may go wrong, or that nothing is seen.
func judge(w io.Writer, p *problem.Problem, data *fit.Data) {
	doubts := conclude.Foresee(p, data)
	if len(doubts) == 0 {
		fmt.Fprintln(w, "judgement nothing speaks against a fit")
		return
	}
	fmt.Fprintln(w, "judgement "+plural(len(doubts), "doubt")+":")
	for _, d := range doubts {
		fmt.Fprintf(w, "    - %s\n", d)
	}
}
