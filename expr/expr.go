// Package expr is the equation language of govern: expressions as data. It
// parses, prints, simplifies, differentiates, evaluates and compares them.
package expr

// Kind says what an expression is.
type Kind uint8

const (
	Number       Kind = iota // Value
	Name                     // Ident: a state, parameter, input, definition or t
	Neg                      // −Args[0]
	Add                      // Args[0] + Args[1]
	Sub                      // Args[0] − Args[1]
	Mul                      // Args[0] · Args[1]
	Div                      // Args[0] / Args[1]
	Pow                      // Args[0] ^ Args[1]
	Less                     // comparisons appear in the condition of if(cond, a, b)
	LessEqual                //
	Greater                  //
	GreaterEqual             //
	Equal                    //
	NotEqual                 //
	Call                     // Ident(Args...): a function of the language, if, or an unknown
)

// Pos is a place in a source text, counted from 1; the zero Pos is no place.
type Pos struct{ Line, Column int }

// Expr is an immutable expression. Sub-expressions may be shared, so an Expr is
// a directed acyclic graph; nothing may change one after it was built.
type Expr struct {
	Kind  Kind
	Value float64 // Number
	Ident string  // Name, Call
	Args  []*Expr
	Pos   Pos // where it stood in the source; zero for built expressions
}

// Num returns the number v.
func Num(v float64) *Expr { return &Expr{Kind: Number, Value: v} }

// Var returns the name s.
func Var(s string) *Expr { return &Expr{Kind: Name, Ident: s} }

// Binary returns the expression of a two-argument kind.
func Binary(k Kind, a, b *Expr) *Expr { return &Expr{Kind: k, Args: []*Expr{a, b}} }

// Apply returns the call ident(args...).
func Apply(ident string, args ...*Expr) *Expr {
	return &Expr{Kind: Call, Ident: ident, Args: args}
}

// Negative returns −a.
func Negative(a *Expr) *Expr { return &Expr{Kind: Neg, Args: []*Expr{a}} }

func (k Kind) isComparison() bool { return Less <= k && k <= NotEqual }
