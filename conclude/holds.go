package conclude

import (
	"context"
	"maps"
	"slices"

	"govern/fit"
	"govern/note"
	"govern/optim"
	"govern/problem"
	"govern/record"
)

// holdWorth is the fall of −2 log L above which inputs do the other thing between samples.
const holdWorth = 6

// withOtherHolds asks whether inputs of which nothing is said (problem.HoldAuto) do the other thing
// between samples, running linearly in place of keeping their value or the reverse:
// the final formula is fitted again with that. It returns the problem that says so
// where the likelihood prefers it clearly, or where the formula leaves a defect; nil else. Cost: a
// refit, where there are inputs.
func (a *Answer) withOtherHolds(ctx context.Context) (*problem.Problem, error) {
	if a.Closed == nil || a.baseline() || len(a.Final.Forms) > 0 {
		return nil, nil
	}
	entries, next := a.otherHolds()
	if next == nil || a.leavesDefect() {
		return next, nil // what is fitted to the wrong inputs is no place to compare at
	}
	data, err := fit.Prepare(a.Found.Model, entries)
	if err != nil {
		return nil, err
	}
	start := *a.Final
	start.Sigma = carry(data, a.Whole, a.Final.Sigma)
	engine := a.Settings.Engine(data, a.Problem.Fit)
	engine.Monitor = nil // the history is of the answer
	g, err := engine.Trajectory(ctx, "final/other-hold", &start, fit.Schedule{To: a.Final.Omega})
	if err != nil || g.Status == optim.Failed || !(g.Objective < a.Final.Objective-holdWorth) {
		return nil, err
	}
	return next, nil
}

// leavesDefect says that the equations do not explain the motion exactly.
func (a *Answer) leavesDefect() bool { return a.Final.Driven || a.Final.LeavesDefect() }

// explainsMore says that an answer with other holds is to be taken: of two that are
// trusted one that leaves a defect loses.
func (a *Answer) explainsMore(than *Answer, accepts func(*Answer) bool) bool {
	if !accepts(a) || !accepts(than) {
		return accepts(a)
	}
	return !than.leavesDefect() || !a.leavesDefect()
}

// otherHolds are all entries with the inputs of which nothing is said doing the other
// thing, and the problem that says so; nil without such inputs.
func (a *Answer) otherHolds() ([]record.Entry, *problem.Problem) {
	free := map[string]bool{} // inputs that every file leaves open
	for _, name := range a.Problem.Model.Inputs {
		free[name] = !slices.ContainsFunc(a.Asked.Data, func(d problem.Data) bool { return d.Hold[name] != "" })
	}
	entries := slices.Clone(a.All)
	next := *a.Asked
	next.Data = slices.Clone(a.Asked.Data)
	flipped := false
	for k, name := range a.Problem.Model.Inputs {
		if !free[name] {
			continue
		}
		flipped = true
		other := problem.HoldPrevious
		if slices.ContainsFunc(a.All, func(e record.Entry) bool { return e.Holds(k) }) {
			other = problem.HoldLinear
		}
		for i := range entries {
			entries[i].Held = slices.Clone(entries[i].Held)
			if k < len(entries[i].Held) {
				entries[i].Held[k] = other == problem.HoldPrevious
			}
		}
		for i := range next.Data {
			hold := maps.Clone(next.Data[i].Hold)
			if hold == nil {
				hold = map[string]problem.Hold{}
			}
			hold[name] = other
			next.Data[i].Hold = hold
		}
	}
	if !flipped {
		return nil, nil
	}
	return entries, &next
}

// heldInputs says which inputs keep their values between samples although nobody said so.
func (s Searched) heldInputs() []note.Note {
	var out []note.Note
	for k, name := range s.Problem.Model.Inputs {
		said := slices.ContainsFunc(s.Asked.Data, func(d problem.Data) bool { return d.Hold[name] != "" })
		if !said && slices.ContainsFunc(s.Train, func(e record.Entry) bool { return e.Holds(k) }) {
			out = append(out, note.Of(note.HeldInput, name, "%s stays at most samples and then jumps: it keeps every value until the next sample", name).
				WithHint("`inputs: {%s: {column: …, hold: linear}}` lets it run linearly between them", name))
		}
	}
	return out
}
