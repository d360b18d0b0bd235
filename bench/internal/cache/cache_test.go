package cache

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type record struct {
	Case string  `json:"case"`
	Seed int     `json:"seed"`
	Lack float64 `json:"lack"`
}

func TestRecordsComeBackInTheirOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	want := []record{{"a", 1, 0.5}, {"b", 2, 0}, {"a", 1, 0.25}}
	for _, r := range want {
		if err := Add(path, r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(path, record{})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read %v, %v; want %v", got, err, want)
	}
}

func TestNoFileHoldsNoRecords(t *testing.T) {
	if got, err := Read(filepath.Join(t.TempDir(), "none"), record{}); got != nil || err != nil {
		t.Errorf("read %v, %v", got, err)
	}
}

// Results of an earlier revision lack the fields that were added since.
func TestMissingFieldsAreBlank(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	if err := os.WriteFile(path, []byte("{\"case\": \"a\"}\n{\"lack\": 2}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []record{{"a", 0, -1}, {"", 0, 2}}
	if got, err := Read(path, record{Lack: -1}); err != nil || !slices.Equal(got, want) {
		t.Errorf("read %v, %v; want %v", got, err, want)
	}
}

func TestABrokenLineIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	if err := os.WriteFile(path, []byte("{}\n{\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, record{}); err == nil || !strings.HasPrefix(err.Error(), path+":2: ") {
		t.Errorf("error %v", err)
	}
}
