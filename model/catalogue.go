package model

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"govern/expr"
)

//go:embed catalogue/*.yaml
var files embed.FS

// Catalogue returns the names of the embedded models, sorted.
func Catalogue() []string {
	entries, err := fs.ReadDir(files, "catalogue")
	if err != nil {
		panic(err) // embedded
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	slices.Sort(names) // chua.yaml sorts after chua-cubic.yaml
	return names
}

// Lookup returns an embedded model. Its error is a *expr.Diagnostic.
func Lookup(name string) (*Model, error) {
	if !slices.Contains(Catalogue(), name) {
		return nil, &expr.Diagnostic{
			Text: "there is no model " + name + " in the catalogue",
			Hint: suggestion(name, Catalogue()),
		}
	}
	file := "catalogue/" + name + ".yaml"
	text, err := files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Read(file, text)
}

// Load returns the model that ref names: a model of the catalogue, or a file,
// whose path is relative to dir. Errors are those of Read and Lookup.
func Load(ref, dir string) (*Model, error) {
	if slices.Contains(Catalogue(), ref) {
		return Lookup(ref)
	}
	path := ref
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		return Read(path, text)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, &expr.Diagnostic{Text: "the model cannot be read: " + err.Error()}
	case strings.ContainsAny(ref, `/\.`):
		return nil, &expr.Diagnostic{File: path, Text: "there is no such model file", Hint: "paths are relative to the file that names them"}
	}
	return Lookup(ref)
}
