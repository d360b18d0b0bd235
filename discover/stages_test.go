package discover_test

import (
	"context"
	"regexp"
	"sync"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/journal"
)

// stages is a Monitor that keeps what it is told.
type stages struct {
	mu  sync.Mutex
	all []string
}

func (s *stages) Row(journal.Row) {}

func (s *stages) Stage(name string, done float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, name)
}

func (s *stages) Warn(string) {}

// A user is told stages in words, not the names of steps in the journal.
func TestStagesAreWords(t *testing.T) {
	quick.Skip(t)
	d, err := truth.Case{Model: catalogue(t, "fitzhugh-nagumo"), Step: 0.5, Samples: 400, Noise: map[string]float64{"v": 0.02, "w": 0.02}, Seed: 3, Transient: 20}.
		Data("\n  states: {v: 1, w: 1}\n  unknowns: {f: {}}\n  equations: |\n    v' = f(v)\n    w' = 0.08*(v + 0.7 - 0.8*w)\n")
	if err != nil {
		t.Fatal(err)
	}
	told := &stages{}
	if _, err := discover.Run(context.Background(), &fit.Engine{Data: d, Monitor: told}, discover.Options{}); err != nil {
		t.Fatal(err)
	}
	step := regexp.MustCompile(`/|-\d|[A-Za-z]-[a-z]+-`)
	for _, s := range told.all {
		if step.MatchString(s) {
			t.Errorf("the stage is told as %q", s)
		}
	}
	if len(told.all) < 3 {
		t.Errorf("only %q", told.all)
	}
}
