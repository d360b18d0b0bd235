package truth

import (
	"govern/fit"
	"govern/model"
)

// Models of the catalogue with holes in them, as they stand below `model:` in a
// problem file.
const (
	// RosslerY is rossler-14 with y' unknown: f = x + 0.2·y.
	RosslerY = `
  states: {x: 0, y: 0, z: 0}
  parameters: {b: 0.22, c: 14}
  unknowns: {f: {}}
  equations: |
    x' = -y - z
    y' = f(x, y)
    z' = b + z*(x - c)
`
	// PetrzelaY is petrzela-polak with y' unknown: f = 1.25·x² − z − 1.
	PetrzelaY = `
  states: {x: 0, y: 0, z: 0}
  unknowns: {f: {}}
  equations: |
    x' = z
    y' = f(x, z)
    z' = y - x - 0.5*z
`
	// LorenzZ is lorenz with z' unknown: h = x·y − 8/3·z.
	LorenzZ = `
  states: {x: 0, y: 0, z: 0}
  unknowns: {h: {}}
  equations: |
    x' = 10*(y - x)
    y' = x*(28 - z) - y
    z' = h(x, y, z)
`
	// ThreeStates is any system of the states x, y and z, with nothing known of it.
	ThreeStates = `
  states: {x: 0, y: 0, z: 0}
  unknowns: {f: {}, g: {}, h: {}}
  equations: |
    x' = f(x, y, z)
    y' = g(x, y, z)
    z' = h(x, y, z)
`
	// HindmarshRoseZ is hindmarsh-rose with z' unknown: f = 0.024·x − 0.006·z + 0.0384.
	HindmarshRoseZ = `
  states: {x: 0, y: 0, z: 0}
  unknowns: {f: {}}
  equations: |
    x' = y - x^3 + 3*x^2 - z + 3.25
    y' = 1 - 5*x^2 - y
    z' = f(x, z)
`
	// Lorenz96Ring is lorenz96 with the coupling, called in every equation, unknown: f = p·q − p·r.
	Lorenz96Ring = `
  states: {x1: 0, x2: 0, x3: 0, x4: 0, x5: 0, x6: 0, x7: 0, x8: 0}
  unknowns: {f: {arguments: [p, q, r]}}
  equations: |
    x1' = f(x8, x2, x7) - x1 + 8
    x2' = f(x1, x3, x8) - x2 + 8
    x3' = f(x2, x4, x1) - x3 + 8
    x4' = f(x3, x5, x2) - x4 + 8
    x5' = f(x4, x6, x3) - x5 + 8
    x6' = f(x5, x7, x4) - x6 + 8
    x7' = f(x6, x8, x5) - x7 + 8
    x8' = f(x7, x1, x6) - x8 + 8
`
)

// Data observes the motion and makes it ready for a model, given as the text of a
// model file.
func (c Case) Data(text string) (*fit.Data, error) {
	m, err := model.Read("open.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	entries, err := c.Entries()
	if err != nil {
		return nil, err
	}
	return fit.Prepare(m, entries)
}
