package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"govern/internal/golden"
	"govern/internal/lane"
	"govern/internal/quick"
)

// goldenProblem is a small problem whose runs are kept, bit for bit: problem.yaml and data in
// input, and for every level of kernels what each run leaves and prints in
// testdata/golden/NAME/LEVEL/RUN; a level without a directory has the bits of the one before it.
type goldenProblem struct {
	name  string
	input string // directory; "": testdata/golden/NAME
	rows  int    // of the data, from the first; 0: all
	runs  []goldenRun
}

// goldenRun is one command; its run directory is the name, so that later commands can
// start from it.
type goldenRun struct {
	name    string
	command []string
	exit    int
	has     []string // paths of keys of result.json with a value: what the problem is here for
}

func discovers(exit int, has ...string) []goldenRun {
	return []goldenRun{{"found", []string{"discover", "problem.yaml"}, exit, has}}
}

var goldenProblems = []goldenProblem{
	{name: "rossler", input: "../../examples/rossler", runs: discovers(0)},
	{name: "lorenz", input: "../../examples/lorenz", runs: discovers(0)},
	{name: "hindmarsh-rose", input: "../../examples/hindmarsh-rose", rows: 5000, runs: discovers(0)},
	{name: "petrzela-polak", input: "../../examples/petrzela-polak", runs: discovers(0)},
	{name: "regimes-found", runs: discovers(0, "regimes.1.change.low")},
	{name: "regimes-given", runs: discovers(0, "regimes.1.unknowns")},
	{name: "entries-spread", runs: discovers(0, "parameters.c.spread.low", "parameters.c.entries", "parameters.b.prior.off")},
	{name: "network", runs: []goldenRun{
		{"trained", []string{"fit", "problem.yaml"}, 0, []string{"unknowns.f.neural"}},
		{"formula", []string{"extract", "trained"}, 0, []string{"unknowns.f.terms.0"}},
		{"compared", []string{"compare", "library.yaml", "--seeds", "1", "--budget", "3", "--degree", "1"}, 0, nil},
	}},
	{name: "process-noise", runs: discovers(0, "process_noise.x")},
	{name: "extra-state", runs: discovers(0, "extra.equation")},
	{name: "noise-by-file", runs: append(discovers(0, "noise_entries.x"),
		goldenRun{"profiled", []string{"profile", "found", "--parameter", "f: y"}, 0, nil})},
	{name: "no-model", runs: discovers(4, "advice")},
	{name: "bend", runs: discovers(0, "unknowns.f.terms.1")},
	{name: "drift", runs: discovers(0, "unknowns.f.terms.3")},
	{name: "change-held-out", runs: discovers(0, "regimes.1.change.low")},
	{name: "conditions", runs: discovers(0, "unknowns.f.terms.1", "noise_entries.x")},
	{name: "awkward", runs: discovers(0, "process_noise.x")},
	{name: "van-der-pol", runs: []goldenRun{
		{"segments", []string{"discover", "segments.yaml"}, 0, []string{"segments.used"}},
		{"baseline", []string{"discover", "baseline.yaml"}, 0, []string{"unknowns.f.terms.0"}},
		{"through-a-network", []string{"discover", "neural.yaml"}, 0, []string{"unknowns.f.terms.0"}},
		{"library", []string{"fit", "segments.yaml"}, 0, []string{"unknowns.f.terms.9"}},
		{"closed", []string{"discover", "closed.yaml"}, 0, []string{"parameters.mu.prior.off"}},
		{"assessed", []string{"assess", "truth.yaml"}, 0, []string{"dynamics.lyapunov"}},
	}},
}

// Every change of the code leaves these runs as they were, and a change that is meant to
// alter one says so by the files that it rewrites.
func TestGoldenRuns(t *testing.T) {
	levels := []string{lane.Best().Level}
	if golden.Rewriting() {
		levels = lane.Levels()
	}
	for _, level := range levels {
		goldenRuns(t, level, "2")
	}
}

// goldenRuns runs all problems at a level of kernels and compares them with what is kept.
func goldenRuns(t *testing.T, level, workers string) {
	if runtime.GOARCH != "amd64" {
		t.Skip("other compilers may fuse a multiplication with an addition: the kept bits are those of amd64")
	}
	t.Setenv(lane.Environment, level)
	for _, p := range goldenProblems {
		t.Run(p.name+", "+level+", workers "+workers, func(t *testing.T) {
			if !slices.Contains([]string{"entries-spread", "process-noise", "noise-by-file", "conditions"}, p.name) {
				quick.Skip(t)
			}
			dir := p.copyInput(t)
			kept := p.kept(level)
			if golden.Rewriting() {
				kept = p.directory(level)
				if err := os.RemoveAll(kept); err != nil {
					t.Fatal(err)
				}
				defer p.share(t, level)
			}
			for _, r := range p.runs {
				status, stdout, stderr := invoke(t, dir, append(r.command, "-o", r.name, "--workers", workers, "--quiet")...)
				if status != r.exit || stderr != "" {
					t.Fatalf("%s: status %d, want %d\n%s%s", strings.Join(r.command, " "), status, r.exit, stdout, stderr)
				}
				texts := goldenTexts(t, filepath.Join(dir, r.name), stdout)
				for _, path := range r.has {
					if !hasValue(t, texts["result.json"], path) {
						t.Errorf("%s/result.json has no %s: the run is not what it is kept for", r.name, path)
					}
				}
				for _, name := range slices.Sorted(maps.Keys(texts)) {
					golden.File(t, filepath.Join(kept, r.name, name), texts[name])
				}
				files, err := os.ReadDir(filepath.Join(kept, r.name))
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
				for _, f := range files {
					if _, ok := texts[f.Name()]; !ok {
						t.Errorf("%s is kept, but %s no longer gives it", filepath.Join(kept, r.name, f.Name()), strings.Join(r.command, " "))
					}
				}
			}
		})
	}
}

func (p goldenProblem) directory(level string) string {
	return filepath.Join("testdata", "golden", p.name, level)
}

// kept is where the runs of a level are: in its directory, or in that of the next level
// before it that has one.
func (p goldenProblem) kept(level string) string {
	levels := lane.Levels()
	for i := slices.Index(levels, level); i > 0; i-- {
		if _, err := os.Stat(p.directory(levels[i])); err == nil {
			return p.directory(levels[i])
		}
	}
	return p.directory(levels[0])
}

// share removes what a level has in common, to the last file, with the level before it.
func (p goldenProblem) share(t *testing.T, level string) {
	t.Helper()
	i := slices.Index(lane.Levels(), level)
	if i == 0 {
		return
	}
	before, own := p.kept(lane.Levels()[i-1]), p.directory(level)
	if maps.Equal(filesBelow(t, before), filesBelow(t, own)) {
		if err := os.RemoveAll(own); err != nil {
			t.Fatal(err)
		}
	}
}

// filesBelow are the texts of all files of a directory tree.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// copyInput puts the problem and its data into a new directory.
func (p goldenProblem) copyInput(t *testing.T) string {
	t.Helper()
	from, dir := p.input, t.TempDir()
	if from == "" {
		from = filepath.Join("testdata", "golden", p.name)
	}
	files, err := filepath.Glob(filepath.Join(from, "*.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no problem in %s: %v", from, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.SplitAfter(string(text), "\n"); p.rows > 0 && filepath.Ext(file) == ".csv" {
			text = []byte(strings.Join(lines[:p.rows+1], ""))
		}
		write(t, dir, filepath.Base(file), string(text))
	}
	return dir
}

var (
	secondsInJSON  = regexp.MustCompile(`(?ms),\n  "seconds": [{\[].*?^  [}\]]`)      // of the whole text, and its last key
	secondsInTable = regexp.MustCompile(`(?m)^((?:form|library|neural) .*\S) +\S+$`)  // the last column of a comparison
	secondsInPage  = regexp.MustCompile(`<t[hd]>(?:seconds|[0-9.e+-]+)</t[hd]></tr>`) // the same
	versionInPage  = regexp.MustCompile(`(seed \d+, govern )[^<]*`)
)

// goldenTexts are what is kept of a run: what it printed, its numbers and model, the
// words of its page, and sums of what is too long to keep. Seconds are left out.
func goldenTexts(t *testing.T, dir, stdout string) map[string]string {
	t.Helper()
	read := func(name string) (string, bool) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return string(text), err == nil
	}
	texts := map[string]string{"stdout.txt": stdout}
	for _, name := range []string{"model.yaml", "profile.csv", "profile.json", "compare.csv"} {
		if text, ok := read(name); ok {
			texts[name] = text
		}
	}
	for _, name := range []string{"result.json", "compare.json"} {
		if text, ok := read(name); ok {
			texts[name] = secondsInJSON.ReplaceAllString(text, "")
		}
	}
	sums := ""
	sum := func(name, text string) { sums += fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(text)), name) }
	for _, name := range []string{"trajectories.csv", "ude.json", "unknowns.csv"} {
		if text, ok := read(name); ok {
			sum(name, text)
		}
	}
	for _, name := range []string{"report.html", "profile.html", "compare.html"} {
		text, ok := read(name)
		if !ok {
			continue
		}
		text = versionInPage.ReplaceAllString(text, "${1}VERSION")
		if name == "compare.html" { // has figures of seconds, too
			text = secondsInPage.ReplaceAllString(text, "</tr>")
			texts["stdout.txt"] = secondsInTable.ReplaceAllString(stdout, "$1")
		} else {
			sum(name, text)
		}
		texts[strings.TrimSuffix(name, "html")+"txt"] = words(text)
	}
	if sums != "" {
		texts["sums.txt"] = sums
	}
	return texts
}

var (
	unseen = regexp.MustCompile(`(?s)<svg.*?</svg>|<style.*?</style>|<script.*?</script>`)
	cells  = regexp.MustCompile(`</t[hd]><t[hd]`)
	blocks = regexp.MustCompile(`</?(?:p|h[1-6]|div|dl|ul|li|tr|table|thead|tbody|figure|figcaption|section|header|details|summary|pre|dt|dd)\b[^>]*>`)
	tags   = regexp.MustCompile(`<[^>]*>`)
)

// words are what a page says, a line a block.
func words(page string) string {
	page = cells.ReplaceAllStringFunc(unseen.ReplaceAllString(page, ""), func(s string) string { return " | " + s })
	page = tags.ReplaceAllString(blocks.ReplaceAllString(page, "\n"), "")
	var lines []string
	for line := range strings.Lines(html.UnescapeString(page)) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// hasValue says that a JSON text has a value that is not empty at a path of keys and indices, joined by points.
func hasValue(t *testing.T, text, path string) bool {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(at) {
				return false
			}
			v = at[i]
		default:
			return false
		}
	}
	return v != nil && v != ""
}
