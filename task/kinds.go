package task

import (
	"context"
	"strconv"

	"govern/conclude"
)

// The kinds of tasks, as a manifest names them.
const (
	Discover = "discover"
	Fit      = "fit"
	Extract  = "extract"
	Assess   = "assess"
	Compare  = "compare"
	Profile  = "profile"
)

// kind is one kind of task.
type kind struct {
	name  string
	start string            // the file of an earlier run that it begins with; "" for none
	holds string            // what that file holds
	check func(*Task) error // whether start can be read; called where there is one
	run   func(context.Context, *Task, conclude.Settings) (*leaving, error)
}

// kinds lists all of them.
func kinds() []kind {
	return []kind{
		{name: Discover, run: runDiscover},
		{name: Fit, run: runFit},
		extraction(),
		{name: Assess, run: runAssess},
		{name: Compare, run: runCompare},
		profiling(),
	}
}

// kindNamed finds a kind; a manifest without one is of a discovery.
func kindNamed(name string) (kind, error) {
	if name == "" {
		name = Discover
	}
	for _, k := range kinds() {
		if k.name == name {
			return k, nil
		}
	}
	return kind{}, &UnknownKindError{name}
}

// shortest writes a number with the digits that it needs to be read back.
func shortest(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
