package run_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"govern/internal/quick"
	"govern/journal"
	"govern/run"
)

var manifest = &run.Manifest{Version: "test", Seed: 1, Kernel: "go", Arch: "any"}

// step is an output with everything that gob treats specially.
type step struct {
	Sum    float64
	Zero   float64
	List   []float64
	ByName map[string]float64
	Next   *step
}

// pipeline is a small run: steps in sequence, some concurrent, one inside
// another, every one a function of those before it.
func pipeline(dir string, fsys run.FileSystem, compute func(name string)) error {
	d, err := run.Open(dir, fsys)
	if err != nil {
		return err
	}
	defer d.Close()
	r, err := d.Record(manifest, nil)
	if err != nil {
		return err
	}
	do := func(name string, x float64, out *step) error {
		return r.Do(name, out, func() error {
			compute(name)
			for i := range 3 {
				r.Row(journal.Row{Stage: name, Iteration: i, Objective: x / float64(i+1), Damping: math.NaN(), Omega: 1, Terms: i})
			}
			*out = step{Sum: math.Sin(x), Zero: math.Copysign(0, -1), List: []float64{x, math.Copysign(0, -1), math.NaN(), math.Inf(1)},
				ByName: map[string]float64{"x": x}, Next: &step{List: []float64{}}}
			return nil
		})
	}
	var first step
	if err := do("smooth", 1, &first); err != nil {
		return err
	}
	parts := make([]step, 5)
	errs := make([]error, len(parts))
	var wait sync.WaitGroup
	for i := range parts {
		wait.Go(func() { errs[i] = do(fmt.Sprintf("select/degree %d", i), first.Sum+float64(i), &parts[i]) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var outer, inner step
	err = r.Do("refit", &outer, func() error {
		compute("refit")
		if err := do("refit/inner", parts[4].Sum, &inner); err != nil {
			return err
		}
		outer = step{Sum: inner.Sum + 1}
		return nil
	})
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%v %v %v %v", first.Sum, 1/first.Zero, first.List, parts[3].List)
	res := &run.Result{Status: run.OK, Equations: map[string]*string{"x": &text}, Noise: map[string]run.Number{"x": run.Number(outer.Sum)}}
	if err := d.WriteBytes(run.ModelFile, []byte(text)); err != nil {
		return err
	}
	return d.WriteResult(res)
}

// fresh makes a run directory with a manifest.
func fresh(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	d, err := run.Create(run.CreateOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.WriteManifest(manifest); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// contents returns the files that must not depend on interruptions.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{run.HistoryFile, run.ModelFile, run.ResultFile} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s:\n%s\n", name, data)
	}
	return b.String()
}

func nothing(string) {}

// whole runs the pipeline without trouble and returns what it leaves and how
// many operations of the file system it takes.
func whole(t *testing.T) (want string, operations int) {
	t.Helper()
	dir := fresh(t)
	fsys := &faulty{left: -1}
	if err := pipeline(dir, fsys, nothing); err != nil {
		t.Fatal(err)
	}
	return contents(t, dir), fsys.done
}

func TestRunKilledAtAnyOperationResumesToTheSameBytes(t *testing.T) {
	quick.Skip(t)
	want, operations := whole(t)
	for n := range operations {
		dir := fresh(t)
		if err := pipeline(dir, &faulty{left: n, err: errKilled}, nothing); !errors.Is(err, errKilled) {
			t.Fatalf("killed at operation %d: error %v", n, err)
		}
		if err := pipeline(dir, run.OS{}, nothing); err != nil {
			t.Fatalf("resumed after operation %d: %v", n, err)
		}
		if got := contents(t, dir); got != want {
			t.Fatalf("killed at operation %d and resumed:\n%s\nwant\n%s", n, got, want)
		}
	}
}

func TestRunKilledAgainAndAgainEnds(t *testing.T) {
	want, _ := whole(t)
	dir := fresh(t)
	for n := 0; ; n++ {
		err := pipeline(dir, &faulty{left: 20, err: errKilled}, nothing)
		if err == nil {
			break
		}
		if !errors.Is(err, errKilled) || n > 200 {
			t.Fatalf("attempt %d: %v", n, err)
		}
	}
	if got := contents(t, dir); got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFinishedStepsAreNotComputedAgain(t *testing.T) {
	dir := fresh(t)
	if err := pipeline(dir, run.OS{}, nothing); err != nil {
		t.Fatal(err)
	}
	if err := pipeline(dir, run.OS{}, func(name string) { t.Errorf("step %q was computed again", name) }); err != nil {
		t.Fatal(err)
	}
}

func TestFullDiskNamesTheFileAndLosesNothing(t *testing.T) {
	quick.Skip(t)
	want, operations := whole(t)
	for _, failure := range []error{diskFull, notWritable} {
		for n := 0; n < operations; n += 3 {
			dir := fresh(t)
			err := pipeline(dir, &faulty{left: n, err: failure}, nothing)
			var write *run.WriteError
			if !errors.As(err, &write) || !strings.HasPrefix(write.Path, dir) {
				t.Fatalf("operation %d: error %v, want a WriteError below %s", n, err, dir)
			}
			if failure == diskFull && !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("operation %d: %v does not wrap ENOSPC", n, err)
			}
			left, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
			if err != nil || len(left) > 0 {
				t.Fatalf("operation %d left %v", n, left)
			}
			if err := pipeline(dir, run.OS{}, nothing); err != nil {
				t.Fatal(err)
			}
			if got := contents(t, dir); got != want {
				t.Fatalf("operation %d: got\n%s\nwant\n%s", n, got, want)
			}
		}
	}
}

func TestHistoryIsInTheOrderOfPhases(t *testing.T) {
	dir := fresh(t)
	if err := pipeline(dir, run.OS{}, nothing); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, run.HistoryFile))
	if err != nil {
		t.Fatal(err)
	}
	var stages []string
	for l := range strings.Lines(string(data)) {
		stage, _, _ := strings.Cut(l, ",")
		if len(stages) == 0 || stages[len(stages)-1] != stage {
			stages = append(stages, stage)
		}
	}
	want := "stage smooth select/degree 0 select/degree 1 select/degree 2 select/degree 3 select/degree 4 refit/inner"
	if got := strings.Join(stages, " "); got != want {
		t.Errorf("stages %s, want %s", got, want)
	}
}

func TestDamagedCheckpointsAreComputedAgain(t *testing.T) {
	want, _ := whole(t)
	damages := map[string]func([]byte) []byte{
		"empty":       func([]byte) []byte { return nil },
		"truncated":   func(b []byte) []byte { return b[:len(b)-1] },
		"header only": func(b []byte) []byte { return b[:strings.IndexByte(string(b), '\n')+1] },
		"bit flipped": func(b []byte) []byte { b[len(b)-5] ^= 4; return b },
		"zeros":       func(b []byte) []byte { return make([]byte, len(b)) },
		"name edited": func(b []byte) []byte { return []byte(strings.Replace(string(b), "smooth", "smOOth", 1)) },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			dir := fresh(t)
			if err := pipeline(dir, run.OS{}, nothing); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, "checkpoint", "smooth-*.gob"))
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			data, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(files[0], damage(data), 0o666); err != nil {
				t.Fatal(err)
			}
			var computed []string
			if err := pipeline(dir, run.OS{}, func(name string) { computed = append(computed, name) }); err != nil {
				t.Fatal(err)
			}
			if len(computed) != 1 || computed[0] != "smooth" {
				t.Errorf("computed %q, want only smooth", computed)
			}
			if got := contents(t, dir); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestCheckpointOfAnotherStepIsNotTrusted(t *testing.T) {
	dir := fresh(t)
	if err := pipeline(dir, run.OS{}, nothing); err != nil {
		t.Fatal(err)
	}
	from, _ := filepath.Glob(filepath.Join(dir, "checkpoint", "select-degree-3-*.gob"))
	to, _ := filepath.Glob(filepath.Join(dir, "checkpoint", "smooth-*.gob"))
	data, err := os.ReadFile(from[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to[0], data, 0o666); err != nil {
		t.Fatal(err)
	}
	var computed []string
	if err := pipeline(dir, run.OS{}, func(name string) { computed = append(computed, name) }); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(computed) != "[smooth]" {
		t.Errorf("computed %q", computed)
	}
}

func TestCheckpointOfAnotherManifestIsNotTrusted(t *testing.T) {
	dir := fresh(t)
	if err := pipeline(dir, run.OS{}, nothing); err != nil {
		t.Fatal(err)
	}
	d, err := run.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	other := *manifest
	other.Seed = 2
	r, err := d.Record(&other, nil)
	if err != nil {
		t.Fatal(err)
	}
	computed := false
	if err := r.Do("smooth", &step{}, func() error { computed = true; return nil }); err != nil || !computed {
		t.Errorf("computed %v, error %v", computed, err)
	}
}

func TestFailedStepIsNotRememberedAndMayBeTriedAgain(t *testing.T) {
	d, err := run.Open(fresh(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r, err := d.Record(manifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out step
	if err := r.Do("a", &out, func() error { return io.ErrUnexpectedEOF }); err != io.ErrUnexpectedEOF {
		t.Errorf("error %v", err)
	}
	if err := r.Do("a", &out, func() error { out.Sum = 3; return nil }); err != nil || out.Sum != 3 {
		t.Errorf("second attempt: %v, %v", out, err)
	}
	if err := r.Do("a", &out, func() error { return nil }); err == nil || !strings.Contains(err.Error(), `two steps are named "a"`) {
		t.Errorf("same name twice: %v", err)
	}
}

func TestStepWithoutEncodingIsAnErrorAtOnce(t *testing.T) {
	d, err := run.Open(fresh(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r, err := d.Record(manifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ F func() }
	if err := r.Do("a", &out, func() error { return nil }); err == nil {
		t.Error("a function was remembered")
	}
}
