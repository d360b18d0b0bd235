// Package fit is the one engine. Everything that is fitted is one
// maximum-a-posteriori problem on the states at nodes, and on columns: coefficients of a
// library, parameters, weights of networks. Smooth reads hidden states and unknown
// calls off the data, Trajectory fits formulas, Neural networks, Locate states alone; all are
// stages of the same kind with another specification.
//
// It sees a model (Prepare) and entries of data, remembers finished steps in a Journal
// and tells a Monitor how it goes; it reads and writes no file.
package fit
