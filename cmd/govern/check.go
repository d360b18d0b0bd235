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

	"govern/expr"
	"govern/fit"
	"govern/fit/gauge"
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
			var train []record.Entry
			for _, e := range entries {
				if !e.Test {
					train = append(train, e)
				}
			}
			data, err := fit.Prepare(p.Model, train)
			if err != nil {
				return err
			}
			explainModel(a.stdout, p)
			explainData(a.stdout, entries, data, p.Model.TimeUnit)
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
	for _, u := range m.Unknowns {
		fmt.Fprintf(w, "unknown   %s(%s): %s\n", u.Name, strings.Join(u.Arguments, ", "), networkText(u)+libraryText(u, p))
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

// libraryText says what an unknown will be looked for in.
func libraryText(u model.Unknown, p *problem.Problem) string {
	if u.Library == nil || u.Library.Degree == 0 {
		highest := p.Discover.Degree
		if highest == 0 {
			if highest = 3; len(u.Arguments) <= 2 {
				highest = 4
			}
		}
		text := fmt.Sprintf("polynomials of degree 1 to %d, chosen by evidence", highest)
		if u.Library != nil && len(u.Library.Functions) > 0 {
			text += ", and " + strings.Join(u.Library.Functions, ", ")
		}
		return text
	}
	text := fmt.Sprintf("polynomials of degree %d", u.Library.Degree)
	if len(u.Library.Functions) > 0 {
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

// What a fit wants of data, after experience with the Rössler, Lorenz and
// Hindmarsh–Rose systems; docs/league.md shows what the defaults make of such data.
const (
	fewSamplesPerCycle = 10  // below it a fit becomes unreliable, below 8 it fails
	fewCycles          = 5   // of the whole record
	noisyChannel       = 0.5 // noise in standard deviations beyond which a channel says little
)

// judge prints what may go wrong, or that nothing is seen.
func judge(w io.Writer, p *problem.Problem, data *fit.Data) {
	var doubts []string
	doubt := func(format string, args ...any) { doubts = append(doubts, fmt.Sprintf(format, args...)) }
	if rate := data.SamplesPerCycle(); rate < fewSamplesPerCycle {
		doubt("%.3g samples a cycle: 8 to 10 are the least for a reliable fit; record faster", rate)
	}
	duration := 0.0
	for _, e := range data.Entries {
		duration += e.Times[len(e.Times)-1] - e.Times[0]
	}
	if cycles := duration / (4 * data.Time); cycles < fewCycles {
		doubt("the training data hold %.2g cycles: formulas found on so few need not hold elsewhere; record longer", cycles)
	}
	for _, c := range data.Channels {
		if c.Sigma0 > noisyChannel*c.Std {
			doubt("channel %s is mostly noise (%.2g of its standard deviation); it will count for little", c.Label(), c.Sigma0/c.Std)
		}
	}
	for _, c := range data.Channels {
		if text := c.Misgiven(data.SamplesPerCycle()); text != "" {
			doubt("%s", text)
		}
	}
	if len(p.Model.Unknowns) == 0 {
		fitted := slices.ContainsFunc(p.Model.Parameters, func(q model.Parameter) bool { return q.Fit })
		if !fitted {
			doubt("nothing is unknown: `govern assess` judges this model against the data")
		}
	}
	for _, name := range gauge.Disconnected(data) {
		doubt("no channel sees the state %s, neither directly nor through another equation: leave it out, or observe it", name)
	}
	for _, g := range gauge.DecidedByPriors(data) {
		doubt("%s; only the prior of %s decides", g, strings.Join(g.Priors, ", "))
	}
	for _, g := range gauge.Find(data) {
		doubt("%s", g)
	}
	for _, d := range p.Model.Warnings {
		doubt("%s", strings.TrimSpace(d.Error()))
	}
	for _, n := range p.Notes {
		doubt("%s", n)
	}
	if len(doubts) == 0 {
		fmt.Fprintln(w, "judgement nothing speaks against a fit")
		return
	}
	fmt.Fprintln(w, "judgement "+plural(len(doubts), "doubt")+":")
	for _, d := range doubts {
		fmt.Fprintln(w, "    - "+d)
	}
}
