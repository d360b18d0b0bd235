package problem

import (
	"path/filepath"
	"reflect"
	"sync"

	"govern/series"
	"govern/series/formats"
)

// files are the data files that a problem has read: each is read once, also by copies
// of the problem and by one that was read back from a run directory.
type files struct {
	mu   sync.Mutex
	read []readFile
}

type readFile struct {
	path   string // absolute
	want   series.Want
	series *series.Series
}

// ShareFiles lets a problem use what another has read of the same files.
func (p *Problem) ShareFiles(with *Problem) { p.files = with.files }

// FileSum is the SHA-256 of a file that has been read, in hexadecimal; false where it
// has not.
func (p *Problem) FileSum(path string) (string, bool) {
	if p.files == nil {
		return "", false
	}
	p.files.mu.Lock()
	defer p.files.mu.Unlock()
	for _, f := range p.files.read {
		if f.path == absolute(path) {
			return f.series.SHA256, true
		}
	}
	return "", false
}

// read reads what is wanted of a file, once.
func (p *Problem) read(path string, want series.Want) (*series.Series, error) {
	if p.files == nil {
		p.files = &files{}
	}
	p.files.mu.Lock()
	defer p.files.mu.Unlock()
	if s := p.files.find(path, want); s != nil {
		return s, nil
	}
	s, err := formats.ReadFile(path, want)
	if err != nil {
		return nil, err
	}
	p.files.read = append(p.files.read, readFile{absolute(path), want, s})
	return s, nil
}

// find is what has been read; nil where it has not.
func (f *files) find(path string, want series.Want) *series.Series {
	for _, r := range f.read {
		if r.path == absolute(path) && reflect.DeepEqual(r.want, want) {
			s := *r.series
			s.Name = path
			return &s
		}
	}
	return nil
}

// know remembers that what has been read is also what a problem wants in which the
// defaults are written out.
func (f *files) know(path string, want series.Want, s *series.Series) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.find(path, want) == nil {
		f.read = append(f.read, readFile{absolute(path), want, s})
	}
}

// absolute is a path that names the same file from everywhere.
func absolute(path string) string {
	if p, err := filepath.Abs(path); err == nil {
		return p
	}
	return path
}
