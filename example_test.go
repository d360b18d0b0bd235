package govern_test

import (
	"context"
	"fmt"
	"log"

	"govern"
	"govern/problem"
)

// The equation of a state that nobody measured, from the two noisy channels of a
// chaotic oscillator.
func ExampleDiscover() {
	p, err := problem.Load("examples/rossler/problem.yaml")
	if err != nil {
		log.Fatal(err)
	}
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.Result.Status)
	for _, term := range out.Result.Unknowns["f"].Terms {
		fmt.Printf("%.2f %s\n", float64(term.Coefficient), term.Term)
	}
	// Output:
	// ok
	// 1.00 x
	// 0.20 y
}
