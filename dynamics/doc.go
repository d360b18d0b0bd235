// Package dynamics measures what a system does in the long run and how far a
// model does the same: Lyapunov spectra, free runs and their valid time,
// distances between attractors and between spectra, and rhythm. Channels are
// given as [channel][time].
package dynamics
