package lane

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// Environment names the variable that asks for a level instead of the fastest.
const Environment = "GOVERN_KERNELS"

// LevelError says that a level of kernels was asked for that does not exist or
// that this machine cannot run.
type LevelError struct {
	Level  string
	Levels []string // what this machine runs, slowest first
}

func (e *LevelError) Error() string {
	return fmt.Sprintf("lane: %s=%s: this machine runs the levels %s", Environment, e.Level, strings.Join(e.Levels, ", "))
}

// Advice says what to do.
func (e *LevelError) Advice() string {
	return "unset " + Environment + " for the fastest, or set it to one of these"
}

// Levels returns the levels that this machine runs, slowest first. The first is
// "go".
func Levels() []string {
	var names []string
	for _, t := range tables() {
		names = append(names, t.Level)
	}
	return names
}

// Level returns the table of a level, "" for the fastest. The error is a
// LevelError.
func Level(name string) (*Table, error) {
	all := tables()
	if name == "" {
		return all[len(all)-1], nil
	}
	i := slices.IndexFunc(all, func(t *Table) bool { return t.Level == name })
	if i < 0 {
		return nil, &LevelError{name, Levels()}
	}
	return all[i], nil
}

// Chosen returns the table of this process: the level that the environment asks
// for when it is first called, else the fastest. The error is a LevelError.
var Chosen = sync.OnceValues(func() (*Table, error) { return Level(os.Getenv(Environment)) })

// Best returns the table of this process and panics with the LevelError of
// Chosen, which a program should look at first.
func Best() *Table {
	t, err := Chosen()
	if err != nil {
		panic(err)
	}
	return t
}
