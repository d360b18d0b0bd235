package expr

import "slices"

// Names returns the free names of e, sorted, t included and pi not.
func Names(e *Expr) []string {
	var names []string
	for node := range nodes(e) {
		if node.Kind == Name && node.Ident != "pi" && !slices.Contains(names, node.Ident) {
			names = append(names, node.Ident)
		}
	}
	slices.Sort(names)
	return names
}

// Calls returns the calls in e, of functions and unknowns alike, inner ones
// before those around them; a shared call appears once.
func Calls(e *Expr) []*Expr {
	var calls []*Expr
	for node := range nodes(e) {
		if node.Kind == Call {
			calls = append(calls, node)
		}
	}
	return calls
}

// nodes visits every node of e once, arguments first.
func nodes(e *Expr) func(yield func(*Expr) bool) {
	return func(yield func(*Expr) bool) {
		seen := map[*Expr]bool{}
		var visit func(*Expr) bool
		visit = func(e *Expr) bool {
			if seen[e] {
				return true
			}
			seen[e] = true
			for _, a := range e.Args {
				if !visit(a) {
					return false
				}
			}
			return yield(e)
		}
		visit(e)
	}
}

// Substitute replaces names by expressions. What is shared stays shared, and
// what does not change is not copied.
func Substitute(e *Expr, replacements map[string]*Expr) *Expr {
	return rewrite(e, func(node *Expr) *Expr {
		if node.Kind == Name {
			return replacements[node.Ident]
		}
		return nil
	})
}

// ReplaceCalls replaces calls, inner ones first: replace is given each call
// with its arguments already replaced, and returns what stands in its place,
// nil to keep it.
func ReplaceCalls(e *Expr, replace func(call *Expr) *Expr) *Expr {
	return rewrite(e, func(node *Expr) *Expr {
		if node.Kind == Call {
			return replace(node)
		}
		return nil
	})
}

// rewrite rebuilds e from the leaves up, once for every shared node: replace
// returns what stands in a node's place, nil to keep it.
func rewrite(e *Expr, replace func(*Expr) *Expr) *Expr {
	done := map[*Expr]*Expr{}
	var visit func(*Expr) *Expr
	visit = func(e *Expr) *Expr {
		if r, ok := done[e]; ok {
			return r
		}
		node := e
		for i, a := range e.Args {
			b := visit(a)
			if b == a {
				continue
			}
			if node == e {
				c := *e
				c.Args = slices.Clone(e.Args)
				node = &c
			}
			node.Args[i] = b
		}
		if r := replace(node); r != nil {
			node = r
		}
		done[e] = node
		return node
	}
	return visit(e)
}
