package ode

import "fmt"

// Method names an integrator. The zero value is Tsit5.
type Method int

const (
	Tsit5 Method = iota // adaptive, order 5; the default
	RK4                 // fixed step, order 4
)

func (m Method) String() string {
	switch m {
	case Tsit5:
		return "tsit5"
	case RK4:
		return "rk4"
	}
	return fmt.Sprintf("ode.Method(%d)", int(m))
}

func (m Method) tableau() *tableau {
	switch m {
	case Tsit5:
		return &tsit5
	case RK4:
		return &classical
	}
	panic("ode: no such method: " + m.String())
}

// tableau is an explicit Runge–Kutta method. In every method here the last
// stage is the slope at the end of the step, which is also the first of the
// next ("first same as last"):
//
//	k_i = f(t + c_i·h, x + h Σ_j a_ij·k_j),   x(t+h) = x + h Σ_j a_sj·k_j
type tableau struct {
	order  int
	node   []float64   // c
	stage  [][]float64 // a, strictly lower triangular; the last row are the weights
	defect []float64   // weights minus those of the embedded method of order−1; nil: no error estimate
	// dense is continuous output: x(t+θh) = x + h Σ_i b_i(θ)·k_i with
	// b_i(θ) = Σ_j dense[i][j]·θ^(j+1).
	dense [][]float64
}
