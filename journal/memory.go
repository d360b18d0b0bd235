package journal

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"sync"
)

// Memory is a Journal for tests that lives as long as its process. Steps pass through
// gob, as they do on disk, so that what gob loses is lost here too. The zero value
// is empty. It may be used from several goroutines.
type Memory struct {
	mu     sync.Mutex
	steps  map[string][]byte
	budget int
	stop   func()
}

// StopAfter interrupts what is under way: stop is called when count more steps
// have been computed.
func (m *Memory) StopAfter(count int, stop func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.budget, m.stop = count, stop
}

// Steps is how many steps are kept.
func (m *Memory) Steps() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.steps)
}

// Do computes a step, or restores it into out.
func (m *Memory) Do(name string, out any, compute func() error) error {
	m.mu.Lock()
	saved, ok := m.steps[name]
	m.mu.Unlock()
	if ok {
		return gob.NewDecoder(bytes.NewReader(saved)).Decode(out)
	}
	if err := compute(); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(out); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.steps == nil {
		m.steps = map[string][]byte{}
	}
	m.steps[name] = b.Bytes()
	if m.budget--; m.budget == 0 {
		m.stop()
	}
	return nil
}
