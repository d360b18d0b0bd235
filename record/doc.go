// Package record holds what a fit is given: experiments as entries with channels,
// inputs and conditions, cut at gaps, condensed, in excerpts, joined again, and
// what their columns say of noise, scale and time before any model is fitted.
package record
