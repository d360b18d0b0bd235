// Package formats opens files of time series, whatever their format.
package formats

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"govern/expr"
	"govern/series"
	"govern/series/csv"
)

// Readers are the formats that are known, one a package. A file is read by the first
// that knows its ending, or else by the first that knows its beginning.
func Readers() []series.Reader {
	return []series.Reader{csv.Reader{}}
}

// Known says that a path ends like a file of time series.
func Known(path string) bool { return byEnding(path) != nil }

// headSize is how much of a file tells its format.
const headSize = 4096

// ReadFile reads the file of that path. Every error is a *series.DataError.
func ReadFile(path string, want series.Want) (*series.Series, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	r := byEnding(path)
	if r == nil {
		r = byBeginning(data[:min(len(data), headSize)])
	}
	s, err := r.Read(bytes.NewReader(data), int64(len(data)), path, want)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	s.SHA256 = hex.EncodeToString(sum[:])
	return s, nil
}

func byEnding(path string) series.Reader {
	ending := strings.ToLower(filepath.Ext(path))
	for _, r := range Readers() {
		if slices.Contains(r.Endings(), ending) {
			return r
		}
	}
	return nil
}

// byBeginning is the reader whose format a file begins like; that of text tables, which
// explains best what it cannot read, where there is none.
func byBeginning(head []byte) series.Reader {
	for _, r := range Readers() {
		if r.Holds(head) {
			return r
		}
	}
	return csv.Reader{}
}

// unreadable explains an error of the operating system.
func unreadable(path string, err error) error {
	e := &series.DataError{File: path, Cause: err, Text: "the file cannot be read: " + reason(err)}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Text, e.Hint = "there is no such file", missingFileHint(path)
	case errors.Is(err, fs.ErrPermission):
		e.Text, e.Hint = "the file may not be read", "change its permissions"
	default:
		if info, e2 := os.Stat(path); e2 == nil && info.IsDir() {
			e.Text, e.Hint = "this is a directory", "name the file in it"
		}
	}
	return e
}

// reason is the innermost text of an error: without the operation and path.
func reason(err error) string {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err.Error()
	}
	return err.Error()
}

func missingFileHint(path string) string {
	dir, file := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return fmt.Sprintf("the directory %s does not exist either; paths are relative to the problem file", filepath.Clean(dir))
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if near := expr.Suggest(file, names); near != "" {
		return "did you mean " + filepath.Join(dir, near) + "?"
	}
	return "paths are relative to the problem file"
}
