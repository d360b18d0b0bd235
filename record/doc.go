// Package record holds what a fit is given: experiments as entries with channels,
// inputs and conditions, cut at gaps, condensed, in excerpts, joined again, and
// what their columns say of noise, scale and time before any model is fitted.
//
// # Gaps and outliers
//
// problem.Open ends an entry at a gap longer than t_c and begins another: a segment cannot bridge more, since
// one step and one linearisation would have to reach across. Samples that lie alone, five robust standard
// deviations off the smoothed path, become missing and the smoother runs again (Engine.Clean); where neighbours
// are off together the model is wrong or a spike too sharp, and nothing is touched. The held-out entries are
// cleaned around the path that the chosen formula gives them. Around that path the training entries are judged
// again too, since a smoother cuts the tips of sharp spikes (conclude, Searched.reconsider). A condensed search
// cleans only what it sees.
//
// # Noise of files
//
// record.Levels sets, when the data are opened, which files share the noise of a channel, and Prepare makes a
// channel of every level: rows, caps, outliers, checks, whiteness and gain then have the noise of the entry, and
// no code but this knows that two channels are one instrument (Data.LevelsOf). Only medians of differences that
// look white can begin a noisier level: what is left of motion is an upper bound and joins the level below.
// Where samples would be left out around the smoothed path, and again around the path of the formula, residuals
// are asked the same (Data.SplitLevels). Files of one level give the same bits as if there were no levels.
package record
