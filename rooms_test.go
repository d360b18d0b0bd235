package govern_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The table of docs/architecture.md names every room, and each knows those above it only.
func TestPackagesKnowThoseAboveThemOnly(t *testing.T) {
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Rooms")
	table, _, _ = strings.Cut(table, "## What was given up")
	row := map[string]int{"govern/internal/vector": 0}
	for i, line := range strings.Split(table, "\n") {
		if !strings.HasPrefix(line, "| [") {
			continue
		}
		cell, _, _ := strings.Cut(line[2:], " | ")
		for _, m := range regexp.MustCompile(`\[[^\]]*\]\(\.\./([^)]*)\)`).FindAllStringSubmatch(cell, -1) {
			dir := m[1][:max(strings.LastIndex(m[1], "/"), 0)]
			row[strings.TrimSuffix("govern/"+dir, "/")] = i + 1
		}
	}
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(line)
		name := fields[0]
		if strings.HasPrefix(name, "govern/bench") || strings.HasPrefix(name, "govern/internal/") || name == "govern/examples" {
			continue // for measuring and testing: nobody imports them
		}
		here, ok := row[name]
		if !ok {
			t.Errorf("docs/architecture.md has no room %s", name)
		}
		for _, imported := range fields[1:] {
			if !strings.HasPrefix(imported, "govern") {
				continue
			}
			if above, ok := row[imported]; !ok || above > here {
				t.Errorf("%s imports %s, which stands below it in docs/architecture.md", name, imported)
			}
		}
	}
}
