package ode

// classical is the Runge–Kutta method of order 4 (Kutta 1901) with a fifth stage
// at the end of the step. It serves as the next step's first and costs nothing;
// cubic Hermite interpolation on it gives continuous output of order 3, local
// error O(h⁴) like the method's own over many steps.
var classical = tableau{
	order: 4,
	node:  []float64{0, 1. / 2, 1. / 2, 1, 1},
	stage: [][]float64{
		{},
		{1. / 2},
		{0, 1. / 2},
		{0, 0, 1},
		{1. / 6, 1. / 3, 1. / 3, 1. / 6},
	},
	dense: [][]float64{
		{1, 3./6 - 2, -2./6 + 1},
		{0, 3. / 3, -2. / 3},
		{0, 3. / 3, -2. / 3},
		{0, 3. / 6, -2. / 6},
		{0, -1, 1},
	},
}
