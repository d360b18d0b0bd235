package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"govern/journal"
)

// progress shows a run on stderr: on a terminal one line that is rewritten, with
// stage, objective and time left; otherwise a line for every stage. It
// implements journal.Monitor and forgets nothing that was a warning.
type progress struct {
	w        io.Writer
	terminal bool
	width    int
	now      func() time.Time

	mu        sync.Mutex
	begun     time.Time
	stage     string
	done      float64
	objective float64
	drawn     time.Time // of the last redrawing
	onLine    bool      // the cursor stands behind a bar
}

const redrawEvery = 100 * time.Millisecond

// newProgress returns the monitor for a run; nil means silence.
func (a *app) newProgress() journal.Monitor {
	if a.quiet {
		return nil
	}
	p := &progress{w: a.stderr, now: time.Now, width: 80, objective: math.NaN(), begun: time.Now()}
	if f, ok := a.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		p.terminal = true
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			p.width = w
		}
	}
	return p
}

// Row implements journal.Monitor.
func (p *progress) Row(row journal.Row) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.objective = row.Objective
	if p.terminal && p.now().Sub(p.drawn) >= redrawEvery {
		p.draw()
	}
}

// Stage implements journal.Monitor.
func (p *progress) Stage(name string, done float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	repeated := name == p.stage
	p.stage, p.done = name, min(max(done, p.done), 1) // concurrent stages may report out of order
	switch {
	case p.terminal:
		if !repeated || p.now().Sub(p.drawn) >= redrawEvery {
			p.draw()
		}
	case !repeated:
		fmt.Fprintf(p.w, "govern: %3.0f %%  %s\n", 100*p.done, name)
	}
}

// Warn implements journal.Monitor.
func (p *progress) Warn(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, "govern: warning: %s\n", text)
	if p.terminal && p.stage != "" {
		p.draw()
	}
}

// finish takes the bar away.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.onLine {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.onLine = false
	}
}

func (p *progress) draw() {
	p.drawn = p.now()
	p.onLine = true
	fmt.Fprint(p.w, "\r\x1b[K", p.bar(p.drawn.Sub(p.begun)))
}

// bar is the line, shorter than the terminal is wide.
func (p *progress) bar(elapsed time.Duration) string {
	const cells = 20
	full := int(p.done*cells + 0.5)
	text := fmt.Sprintf("%s%s %3.0f %%", strings.Repeat("█", full), strings.Repeat("░", cells-full), 100*p.done)
	if p.done >= 0.05 && p.done < 1 {
		left := time.Duration(float64(elapsed) * (1 - p.done) / p.done)
		text += "  " + about(left) + " left"
	}
	text += "  " + p.stage
	if !math.IsNaN(p.objective) {
		text += fmt.Sprintf("  objective %.6g", p.objective)
	}
	if r := []rune(text); len(r) > p.width-1 {
		text = string(r[:max(p.width-1, 0)])
	}
	return text
}

// about writes a duration as precisely as a guess deserves.
func about(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f h", d.Hours())
}
