package run_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"govern/run"
)

func TestRunsAreNumbered(t *testing.T) {
	under := filepath.Join(t.TempDir(), "runs")
	for _, want := range []string{"a-b-001", "a-b-002", "a-b-003"} {
		d, err := run.Create(run.CreateOptions{Name: "a b", Under: under})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if got := filepath.Base(d.Path()); got != want {
			t.Errorf("directory %s, want %s", got, want)
		}
	}
}

func TestDirectoryInUseIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	d, err := run.Create(run.CreateOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.WriteManifest(manifest); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Open(dir, nil); !errors.Is(err, run.ErrLocked) {
		t.Errorf("Open: %v", err)
	}
	if _, err := run.Create(run.CreateOptions{Dir: dir, Force: true}); !errors.Is(err, run.ErrLocked) {
		t.Errorf("Create with force: %v", err)
	}
	if _, err := run.ReadManifest(dir); err != nil {
		t.Errorf("the refused Create deleted the manifest: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := run.Open(dir, nil)
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	again.Close()
}

func TestForceClearsTheEarlierRunAndNothingElse(t *testing.T) {
	dir := fresh(t)
	if err := pipeline(dir, run.OS{}, nothing); err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(dir, "note.txt")
	if err := os.WriteFile(note, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	var refused *run.NotEmptyError
	if _, err := run.Create(run.CreateOptions{Dir: dir}); !errors.As(err, &refused) {
		t.Fatalf("without force: %v", err)
	}
	d, err := run.Create(run.CreateOptions{Dir: dir, Force: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, name := range []string{run.ResultFile, run.ManifestFile, run.HistoryFile, run.ModelFile} {
		if _, err := os.Stat(d.File(name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if steps, _ := filepath.Glob(filepath.Join(dir, "checkpoint", "*.gob")); len(steps) > 0 {
		t.Errorf("steps are left: %v", steps)
	}
	if _, err := os.Stat(note); err != nil {
		t.Errorf("the user's file: %v", err)
	}
}

func TestUnwritableDirectoryIsAWriteError(t *testing.T) {
	for n := range 3 {
		var write *run.WriteError
		_, err := run.Create(run.CreateOptions{Under: filepath.Join(t.TempDir(), "runs"), FS: &faulty{left: n, err: notWritable}})
		if !errors.As(err, &write) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("operation %d: %v", n, err)
		}
	}
}

func TestOpenSaysWhatIsNotARun(t *testing.T) {
	var not *run.NotARunError
	if _, err := run.Open(t.TempDir(), nil); !errors.As(err, &not) {
		t.Errorf("error %v", err)
	}
}

func TestResumableListsEveryDifference(t *testing.T) {
	before := &run.Manifest{Version: "1", Seed: 1, Kernel: "go", Data: []run.Input{{File: "a.csv", SHA256: "00"}}, Cores: 2}
	now := *before
	now.Cores, now.Started = 64, "later"
	if err := before.Resumable("r", &now); err != nil {
		t.Errorf("cores and clock do not matter: %v", err)
	}
	now.Kernel = "avx2"
	var kernel *run.ChangedError
	if err := before.Resumable("r", &now); !errors.As(err, &kernel) || kernel.Kernel != "go" {
		t.Errorf("another kernel level alone: %v", err)
	}
	now.Data = []run.Input{{File: "a.csv", SHA256: "01"}}
	var changed *run.ChangedError
	if err := before.Resumable("r", &now); !errors.As(err, &changed) || len(changed.What) != 2 || changed.Kernel != "" {
		t.Errorf("error %v", err)
	}
}
