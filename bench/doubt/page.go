package main

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"

	"govern/bench/internal/cache"
	"govern/run"
)

// head is what stands before the tables.
//
//go:embed head.md
var head string

// page is docs/doubt.md: the text of head.md, then what was measured.
func page(results []outcome, league string) string {
	var out strings.Builder
	out.WriteString(strings.Replace(head, "LEAGUE", league, 1))
	var codes []string
	for _, r := range results {
		if !slices.Contains(codes, r.Code) {
			codes = append(codes, r.Code)
		}
	}
	for _, section := range []struct {
		kind  kind
		title string
	}{
		{outside, "The truth is outside the libraries"},
		{wrong, "What is given is wrong"},
		{right, "The model is right"},
	} {
		fmt.Fprintf(&out, "\n## %s\n\n", section.title)
		out.WriteString("| case | runs | answers | error | nearest tie | chance | s |\n|---|---|---|---|---|---|---|\n")
		honest, total := 0, 0
		for _, c := range experiments() {
			if c.kind != section.kind {
				continue
			}
			for _, code := range codes {
				var mine []outcome
				for _, r := range results {
					if r.Case == c.name && r.Code == code {
						mine = append(mine, r)
					}
				}
				if len(mine) == 0 {
					continue
				}
				name := c.name
				if code != codes[len(codes)-1] {
					name += " (" + code + ")"
				} else {
					for _, r := range mine {
						total++
						if section.kind.honest(r) {
							honest++
						}
					}
				}
				fmt.Fprintf(&out, "| %s | %d | %s | %s | %s | %s | %.0f |\n", name, len(mine), answers(mine),
					percent(median(mine, func(r outcome) float64 { return float64(r.Error) })), percent(median(mine, func(r outcome) float64 { return float64(r.Tied) })),
					number(median(mine, func(r outcome) float64 { return float64(r.Lack) })), median(mine, func(r outcome) float64 { return r.Seconds }))
			}
		}
		fmt.Fprintf(&out, "\nHonest: %d of %d.\n", honest, total)
	}
	return out.String()
}

// found is the error over the attractor below which a formula counts as found.
const found = 1e-3

// honest says that an answer says what it should.
func (k kind) honest(r outcome) bool {
	doubted := r.Status != "ok"
	switch k {
	case right:
		return !doubted
	case wrong:
		return doubted
	}
	return doubted || float64(r.Error) < found || float64(r.Error) < 0.02 && strings.Contains(r.Found, "exp(")
}

// answers lists statuses and how often.
func answers(runs []outcome) string {
	var names []string
	count := map[string]int{}
	for _, r := range runs {
		if count[r.Status]++; count[r.Status] == 1 {
			names = append(names, r.Status)
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	text := ""
	for _, n := range names {
		text += fmt.Sprintf(", %d %s", count[n], n)
	}
	return text[2:]
}

// median over the runs that have the value; NaN of none.
func median(runs []outcome, value func(outcome) float64) float64 {
	var x []float64
	for _, r := range runs {
		if v := value(r); !math.IsNaN(v) {
			x = append(x, v)
		}
	}
	if len(x) == 0 {
		return math.NaN()
	}
	slices.Sort(x)
	return x[len(x)/2]
}

func percent(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.2g %%", 100*v)
}

func number(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.1g", v)
}

// league counts the false alarms among runs of the league's boards.
func league(path string) (string, error) {
	type judged struct {
		Exact  bool       `json:"exact"`
		Lack   run.Number `json:"lack"`
		Advice string     `json:"advice"`
	}
	runs, err := cache.Read(path, judged{Lack: run.Undefined()})
	if err != nil {
		return "", err
	}
	exact, doubted, low := 0, 0, 0
	least := 1.0
	for _, r := range runs {
		if r.Exact {
			exact++
		}
		for _, sign := range []string{"approximation", "lacks something", "would have to remember", "can hardly tell"} {
			if strings.Contains(r.Advice, sign) {
				doubted++
				break
			}
		}
		if float64(r.Lack) < 0.01 {
			low++
		}
		least = math.Min(least, float64(r.Lack))
	}
	return fmt.Sprintf("%d runs, %d of them exact: %d doubted. The smallest chance of a lack is %.1g; %d of the runs have one below 0.01.", len(runs), exact, doubted, least, low), nil
}
