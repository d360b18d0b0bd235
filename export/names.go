package export

import (
	"fmt"
	"slices"
	"strings"

	"govern/model"
)

// scope gives every name of a model the name that stands for it in a program.
type scope struct {
	reserved []string
	given    map[string]string // of the model → in the program
	taken    map[string]bool   // in the program
}

// newScope returns a scope in which the reserved names are never given.
func newScope(reserved ...string) *scope {
	return &scope{reserved, map[string]string{}, map[string]bool{}}
}

// add gives names: those that may stand as they are keep themselves, whatever
// the order.
func (s *scope) add(names ...string) {
	for _, name := range names {
		if plain := ascii(name); plain == name && !s.refuses(name) {
			s.given[name] = name
			s.taken[name] = true
		}
	}
	for _, name := range names {
		if s.given[name] == "" {
			s.given[name] = s.fresh(ascii(name))
		}
	}
}

// fresh takes a name that nothing else has, the proposed one if possible.
func (s *scope) fresh(name string) string {
	for s.refuses(name) {
		name += "_"
	}
	s.taken[name] = true
	return name
}

func (s *scope) refuses(name string) bool { return s.taken[name] || slices.Contains(s.reserved, name) }

// name returns the given name; what was not added (t) stays as it is.
func (s *scope) name(name string) string {
	if given, ok := s.given[name]; ok {
		return given
	}
	return name
}

// allNames returns the names that the model declares.
func allNames(m *model.Model) []string {
	var names []string
	for _, x := range m.States {
		names = append(names, x.Name)
	}
	for _, p := range m.Parameters {
		names = append(names, p.Name)
	}
	names = append(names, m.Inputs...)
	for _, d := range m.Definitions {
		names = append(names, d.Name)
	}
	return names
}

// greek are the letters from Α (U+0391) and α (U+03B1) on, in Unicode's order.
var greek = [...]string{
	"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
	"nu", "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
}

// ascii spells a name in the letters that every language allows: Greek letters
// by their names, others by their code (ü: u00fc). A leading underscore, which
// C keeps for itself, gets a letter in front.
func ascii(name string) string {
	var b strings.Builder
	if strings.HasPrefix(name, "_") {
		b.WriteByte('v')
	}
	for _, r := range name {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case 'α' <= r && r <= 'ω':
			b.WriteString(greek[r-'α'])
		case 'Α' <= r && r <= 'Ω':
			word := greek[r-'Α']
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		case r == 'ϕ':
			b.WriteString("phi")
		case r == 'µ': // the sign of micro
			b.WriteString("mu")
		case r == 'ϵ':
			b.WriteString("epsilon")
		default:
			fmt.Fprintf(&b, "u%04x", r)
		}
	}
	return b.String()
}
