package expr_test

import (
	"errors"
	"fmt"

	"govern/expr"
)

func ExampleParse() {
	_, err := expr.Parse("-y - 2z")
	var d *expr.Diagnostic
	if errors.As(err, &d) {
		fmt.Print(d.Render())
	}
	// Output:
	// 1:6: an operator is missing between "2" and "z"
	//    1 | -y - 2z
	//      |      ^^
	//      = to multiply, write 2*z
}

func ExampleTerms() {
	e, _ := expr.Parse("0.2*y + (x + 1)*(x - 1) + y")
	for _, t := range expr.Terms(e) {
		fmt.Println(t.Coefficient, t.Factor)
	}
	// Output:
	// -1 1
	// 1.2 y
	// 1 x^2
}

func ExampleDiff() {
	e, _ := expr.Parse("z*(x - c) + exp(-x^2)")
	fmt.Println(expr.Diff(e, "x"))
	// Output: z - 2*exp(-x^2)*x
}
