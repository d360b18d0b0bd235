package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"govern/journal"
)

// Recorder is the memory of one run: it implements journal.Journal and journal.Monitor.
// Every finished step is one file below checkpoint/ that holds the step's output
// and its rows of history; history.csv is derived from these files. What is
// told to the monitor is passed on to the next one.
type Recorder struct {
	dir  *Dir
	run  string // fingerprint of the manifest
	next journal.Monitor

	mu       sync.Mutex
	open     map[string][]journal.Row // rows of the steps being computed
	finished map[string][]journal.Row // rows of the steps on disk
	begun    map[string]bool          // steps of this process, to find names used twice
	phases   map[string]int           // the how-manieth phase to begin, by name
	count    int                      // phases begun in this process

	writing sync.Mutex // one writer of history.csv at a time
}

// Record continues the run of a manifest: steps that an earlier process
// finished under the same manifest are restored, others computed. A file that
// is damaged, or of another run, is ignored and written again.
func (d *Dir) Record(m *Manifest, next journal.Monitor) (*Recorder, error) {
	r := &Recorder{dir: d, run: m.fingerprint(), next: next,
		open: map[string][]journal.Row{}, finished: map[string][]journal.Row{}, begun: map[string]bool{}, phases: map[string]int{}}
	entries, err := d.fs.ReadDir(d.File(checkpointDir))
	if err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".gob") {
			continue
		}
		data, err := d.fs.ReadFile(filepath.Join(d.File(checkpointDir), entry.Name()))
		if err != nil {
			continue // as good as damaged
		}
		if h, payload, err := r.unseal(data); err == nil {
			var rows []journal.Row
			if gob.NewDecoder(bytes.NewReader(payload)).Decode(&rows) == nil {
				r.finished[h.Name] = rows
				r.phases[phase(h.Name)] = h.Phase
			}
		}
	}
	return r, r.writeHistory() // the process before may have died between a step and its history
}

// Steps returns how many steps are on disk.
func (r *Recorder) Steps() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.finished)
}

// Do implements journal.Journal. After a step that was computed, out holds what was
// read back from its encoding, so that a run cannot go on with something that a
// resumed one would not see (an unexported field, an empty list for nil).
func (r *Recorder) Do(name string, out any, compute func() error) error {
	if v := reflect.ValueOf(out); v.Kind() != reflect.Pointer || v.IsNil() {
		panic("run: the output of a step is not a pointer")
	}
	r.mu.Lock()
	twice := r.begun[name]
	r.begin(name)
	_, onDisk := r.finished[name]
	if !twice {
		r.open[name] = nil
	}
	r.mu.Unlock()
	if twice {
		return fmt.Errorf("run: two steps are named %q", name)
	}
	if onDisk && r.restore(name, out) == nil {
		r.mu.Lock()
		delete(r.open, name)
		r.mu.Unlock()
		return nil
	}

	err := compute()
	r.mu.Lock()
	rows := r.open[name]
	delete(r.open, name)
	delete(r.finished, name) // where it was on disk it could not be read
	if err != nil {
		delete(r.begun, name) // a failed step may be tried again
	}
	r.mu.Unlock()
	if err != nil {
		return err
	}
	if err := r.save(name, rows, out); err != nil {
		return err
	}
	r.mu.Lock()
	r.finished[name] = rows
	r.mu.Unlock()
	return r.writeHistory()
}

// begin notes that a step and, with its first step, a phase begins.
func (r *Recorder) begin(name string) {
	r.begun[name] = true
	for other := range r.begun {
		if other != name && phase(other) == phase(name) {
			return
		}
	}
	r.phases[phase(name)] = r.count
	r.count++
}

// phase is what stands before the first slash of a step's name.
func phase(name string) string {
	before, _, _ := strings.Cut(name, "/")
	return before
}

// Row implements journal.Monitor. The rows of a step are remembered in the order in
// which they come. A row outside its step is passed on only: a resumed run
// could not repeat it.
func (r *Recorder) Row(row journal.Row) {
	r.mu.Lock()
	if rows, ok := r.open[row.Stage]; ok {
		r.open[row.Stage] = append(rows, row)
	}
	r.mu.Unlock()
	if r.next != nil {
		r.next.Row(row)
	}
}

// Stage implements journal.Monitor.
func (r *Recorder) Stage(name string, done float64) {
	if r.next != nil {
		r.next.Stage(name, done)
	}
}

// Warn implements journal.Monitor.
func (r *Recorder) Warn(text string) {
	if r.next != nil {
		r.next.Warn(text)
	}
}

// header is the first line of a checkpoint file.
type header struct {
	Format int    `json:"govern_step"`
	Name   string `json:"name"`
	Run    string `json:"run"`
	Phase  int    `json:"phase"`
	SHA256 string `json:"sha256"` // of everything else
}

const stepFormat = 1

func (r *Recorder) save(name string, rows []journal.Row, out any) error {
	var payload bytes.Buffer
	encoder := gob.NewEncoder(&payload)
	if err := errors.Join(encoder.Encode(rows), encoder.Encode(out)); err != nil {
		return fmt.Errorf("run: step %q cannot be remembered: %w", name, err)
	}
	if err := decodeStep(payload.Bytes(), out); err != nil {
		return fmt.Errorf("run: step %q cannot be read back: %w", name, err)
	}
	r.mu.Lock()
	h := header{Format: stepFormat, Name: name, Run: r.run, Phase: r.phases[phase(name)]}
	r.mu.Unlock()
	h.SHA256 = h.seal(payload.Bytes())
	line, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return WriteFile(r.dir.fs, r.file(name), func(w io.Writer) error {
		_, err := w.Write(append(append(line, '\n'), payload.Bytes()...))
		return err
	})
}

func (r *Recorder) restore(name string, out any) error {
	data, err := r.dir.fs.ReadFile(r.file(name))
	if err != nil {
		return err
	}
	found, payload, err := r.unseal(data)
	if err != nil {
		return err
	}
	if found.Name != name {
		return fmt.Errorf("run: checkpoint of %q holds %q", name, found.Name)
	}
	return decodeStep(payload, out)
}

// unseal checks that the bytes are those that this run wrote for some step.
func (r *Recorder) unseal(data []byte) (h header, payload []byte, err error) {
	line, payload, ok := bytes.Cut(data, []byte{'\n'})
	if !ok || json.Unmarshal(line, &h) != nil || h.Format != stepFormat || h.Run != r.run {
		return h, nil, errors.New("run: not a checkpoint of this run")
	}
	if h.SHA256 != h.seal(payload) {
		return h, nil, errors.New("run: damaged checkpoint")
	}
	return h, payload, nil
}

func (h header) seal(payload []byte) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00%d\x00", h.Name, h.Run, h.Phase)
	sum.Write(payload)
	return hex.EncodeToString(sum.Sum(nil))
}

// decodeStep replaces *out; on failure it is left alone.
func decodeStep(payload []byte, out any) error {
	decoder := gob.NewDecoder(bytes.NewReader(payload))
	var rows []journal.Row
	if err := decoder.Decode(&rows); err != nil {
		return err
	}
	fresh := reflect.New(reflect.TypeOf(out).Elem()) // gob leaves fields alone that were zero
	if err := decoder.DecodeValue(fresh); err != nil {
		return err
	}
	reflect.ValueOf(out).Elem().Set(fresh.Elem())
	return nil
}

// file names a step's file: readable, and distinct for distinct names.
func (r *Recorder) file(name string) string {
	readable := safeName(name)
	if len(readable) > 80 {
		readable = strings.ToValidUTF8(readable[:80], "")
	}
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(r.dir.File(checkpointDir), readable+"-"+hex.EncodeToString(sum[:4])+".gob")
}
