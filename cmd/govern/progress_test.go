package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"govern/journal"
)

// clock is a time that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func TestProgressIsALineAStageWhereThereIsNoTerminal(t *testing.T) {
	var b bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := &progress{w: &b, now: c.now, begun: c.t, objective: math.NaN()}
	p.Stage("smooth", 0)
	p.Row(journal.Row{Objective: 3})
	p.Stage("smooth", 0.1)
	p.Warn("x is noisy")
	p.Stage("library", 0.25)
	p.Stage("late", 0.2) // progress does not go back
	p.finish()
	want := "govern:   0 %  smooth\ngovern: warning: x is noisy\ngovern:  25 %  library\ngovern:  25 %  late\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestBarShowsStageObjectiveAndTimeLeftInOneLine(t *testing.T) {
	var b bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := &progress{w: &b, now: c.now, begun: c.t, objective: math.NaN(), terminal: true, width: 72}
	p.Stage("smooth", 0)
	c.t = c.t.Add(3 * time.Second)
	p.Stage("library", 0.25)
	c.t = c.t.Add(time.Second)
	p.Row(journal.Row{Objective: 1234.5678})
	p.Row(journal.Row{Objective: 5}) // too soon to be drawn
	if want := "█████░░░░░░░░░░░░░░░  25 %  12 s left  library  objective 1234.57"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("drawn %q, want %q at the end", b.String(), want)
	}
	p.finish()
	if strings.Contains(b.String(), "\n") || !strings.HasSuffix(b.String(), "\r\x1b[K") {
		t.Errorf("drawn %q", b.String())
	}
	for part := range strings.SplitSeq(b.String(), "\r\x1b[K") {
		if n := len([]rune(part)); n >= 72 {
			t.Errorf("%d characters: %q", n, part)
		}
	}
}
