package formats

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govern/series"
)

func TestUnreadableFilesAreExplained(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "train.csv"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"tran.csv":    "there is no such file\n     = did you mean DIR/train.csv?\n",
		"other.csv":   "there is no such file\n     = paths are relative to the problem file\n",
		"sub/any.csv": "there is no such file\n     = the directory DIR/sub does not exist either; paths are relative to the problem file\n",
		"":            "this is a directory\n     = name the file in it\n",
	} {
		path = filepath.Join(dir, path)
		_, err := ReadFile(path, series.Want{})
		var e *series.DataError
		if !errors.As(err, &e) {
			t.Fatalf("%s: %v", path, err)
		}
		if got := e.Render(); got != path+": "+strings.ReplaceAll(want, "DIR", dir) {
			t.Errorf("%s: got %q", path, got)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "none"), series.Want{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the cause is lost")
	}
}

func TestAFileIsReadByItsEndingOrItsBeginning(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.csv", "b.TSV", "c", "d.dat"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("t\tx\n0\t1\n1\t2\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := ReadFile(path, series.Want{})
		if err != nil || len(s.Time) != 2 || s.Column("x") == nil {
			t.Errorf("%s: %v %v", name, s, err)
		}
	}
	if !Known("a.csv") || !Known("b.TSV") || Known("problem.yaml") || Known("c") {
		t.Error("endings")
	}
}
