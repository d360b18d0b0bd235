package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Manifest says what was run, on what, by what.
type Manifest struct {
	Version string   `json:"version"` // of govern
	Task    string   `json:"task"`    // what the run does: discover, fit, extract, assess, compare, profile
	Command []string `json:"command"`
	Seed    uint64   `json:"seed"`
	Kernel  string   `json:"kernel"`  // level of the lane kernels; another one gives other bits
	Arch    string   `json:"arch"`    // operating system/architecture; likewise
	Go      string   `json:"go"`      // version of the compiler
	Cores   int      `json:"cores"`   // of the machine; the result does not depend on it
	Started string   `json:"started"` // RFC 3339
	Problem string   `json:"problem"` // SHA-256 of problem.yaml in the run directory
	Data    []Input  `json:"data"`    // the files that were read; the last of an extraction is the networks, of a profile the formula

	Options map[string]string `json:"options,omitempty"` // of the task, beyond the problem's
}

// Input is a file that a run depends on.
type Input struct {
	File   string `json:"file"` // absolute, or relative to the run directory
	SHA256 string `json:"sha256"`
}

// fingerprint identifies everything that the bits of a step depend on.
func (m *Manifest) fingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%d\n%s\n%s\n%s\n", m.Version, m.Seed, m.Kernel, m.Arch, m.Problem)
	for _, in := range m.Data {
		fmt.Fprintf(h, "%s\n", in.SHA256)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Options)) {
		fmt.Fprintf(h, "%s=%s\n", name, m.Options[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// WriteManifest writes manifest.json.
func (d *Dir) WriteManifest(m *Manifest) error {
	return d.Write(ManifestFile, func(w io.Writer) error { return encodeJSON(w, m) })
}

// ReadManifest reads the manifest of a run, whether or not somebody works in
// it. The error is a NotARunError.
func ReadManifest(dir string) (*Manifest, error) {
	data, err := OS{}.ReadFile(filepath.Join(dir, ManifestFile))
	if err != nil {
		return nil, &NotARunError{dir, err}
	}
	m := new(Manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, &NotARunError{dir, fmt.Errorf("%s: %w", ManifestFile, err)}
	}
	return m, nil
}

// ChangedError says that a run cannot be continued with the same bits.
type ChangedError struct {
	Dir  string
	What []string // what changed, from what to what; at least one
	// Kernel is the level that the run began with where nothing but the level differs,
	// so that going back to it is enough.
	Kernel string
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("run: %s cannot be continued: %s", e.Dir, strings.Join(e.What, "; "))
}

// Resumable compares the manifest of a run with what would be used now. The
// error is a ChangedError that lists every difference which changes bits.
func (m *Manifest) Resumable(dir string, now *Manifest) error {
	var what []string
	differ := func(name, before, after string) {
		if before != after {
			what = append(what, fmt.Sprintf("%s was %s, is %s", name, before, after))
		}
	}
	differ("the version of govern", m.Version, now.Version)
	differ("the kernel level", m.Kernel, now.Kernel)
	differ("the platform", m.Arch, now.Arch)
	if m.Seed != now.Seed {
		what = append(what, fmt.Sprintf("the seed was %d, is %d", m.Seed, now.Seed))
	}
	if m.Problem != now.Problem {
		what = append(what, ProblemFile+" was edited")
	}
	if len(m.Data) != len(now.Data) {
		what = append(what, fmt.Sprintf("%d data files were read, there are %d", len(m.Data), len(now.Data)))
	} else {
		for i, in := range m.Data {
			if in.SHA256 != now.Data[i].SHA256 {
				what = append(what, now.Data[i].File+" was edited")
			}
		}
	}
	if what != nil {
		e := &ChangedError{Dir: dir, What: what}
		if len(what) == 1 && m.Kernel != now.Kernel {
			e.Kernel = m.Kernel
		}
		return e
	}
	return nil
}

// HashFile returns the SHA-256 of a file in hexadecimal.
func HashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Hash returns the SHA-256 of data in hexadecimal.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// encodeJSON writes v indented, with < and & as they are.
func encodeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
