package note

// The kinds of notes. Kinds are added, never renamed; docs/guide.md lists them all.
const (
	// Of the model and the data, before anything is fitted.
	Model          Kind = "model"
	TimeUnit       Kind = "time_unit"
	WrappedAngle   Kind = "wrapped_angle"
	Twins          Kind = "twins"
	HeldInput      Kind = "held_input"
	Gaps           Kind = "gaps"
	NothingHeld    Kind = "nothing_held_out"
	FarFromZero    Kind = "far_from_zero"
	UnseenState    Kind = "unseen_state"
	PriorDecides   Kind = "prior_decides"
	Undetermined   Kind = "undetermined"
	Held           Kind = "held"
	GivenNoise     Kind = "given_noise"
	CoarseSampling Kind = "coarse_sampling"
	FewCycles      Kind = "few_cycles"
	NoisyChannel   Kind = "noisy_channel"
	NothingUnknown Kind = "nothing_unknown"

	// Of what was left out or put together.
	Outliers        Kind = "outliers"
	CorrelatedNoise Kind = "correlated_noise"
	SearchedSparse  Kind = "searched_on_part"

	// Of changes with time.
	Change         Kind = "change"
	ChangeUnsolved Kind = "change_unsolved"
	RegimesUnused  Kind = "regimes_unused"
	Drift          Kind = "drift"

	// Of equations that may be wrong or incomplete.
	ExtraState    Kind = "extra_state"
	NoiseMemory   Kind = "noise_memory"
	Step          Kind = "step"
	Approximation Kind = "approximation"
	Lack          Kind = "lack"
	Defect        Kind = "defect"
	DrivenByNoise Kind = "driven_by_noise"

	// Of parameters.
	FarFromPrior  Kind = "far_from_prior"
	MeanOfEntries Kind = "mean_of_entries"
	NoSpread      Kind = "no_spread"
	WideSpread    Kind = "wide_spread"
	OwnParameters Kind = "own_parameters"
	AtBound       Kind = "at_bound"
	Inseparable   Kind = "inseparable"

	// Of the verdict: the first note of every answer that is not simply right.
	NoFormula    Kind = "no_formula"
	NotConverged Kind = "not_converged"
	NeuralOnly   Kind = "neural_only"
	Noise        Kind = "noise"
	Tie          Kind = "tie"
	NotProven    Kind = "not_proven"
	Astray       Kind = "astray"
	Baseline     Kind = "baseline"

	// Of the final fit and its proof.
	ShorterSegments Kind = "shorter_segments"
	TrainingOnly    Kind = "training_only"
	Escape          Kind = "escape"
	Rest            Kind = "rest"
	FarFreeRuns     Kind = "far_free_runs"
	NoFreeRun       Kind = "no_free_run"
	ValidTimeBound  Kind = "valid_time_bound"
	ShortTest       Kind = "short_test"
	NoExponents     Kind = "no_exponents"
	EarlyEnd        Kind = "early_end"
	NoSpectrum      Kind = "no_spectrum"
)

// Meaning is a kind with what it says.
type Meaning struct {
	Kind Kind
	Says string
}

// Meanings lists every kind, in the order in which notes of it can come about.
func Meanings() []Meaning {
	return []Meaning{
		{NoFormula, "no formula, or neural form, passes the checks"},
		{NotConverged, "a fit did not start, or did not come to rest"},
		{NeuralOnly, "neural forms explain the data, and no formula does"},
		{Noise, "the data show nothing but noise"},
		{Tie, "another formula explains the data as well"},
		{NotProven, "the answer is not proven"},
		{Astray, "free runs are no better than chance"},
		{Baseline, "the answer is a regression on derivatives"},
		{Model, "the model holds something that is not used"},
		{TimeUnit, "a unit of time is taken for granted"},
		{WrappedAngle, "a column was an angle wrapped to a turn and was made continuous"},
		{Twins, "two columns are proportional: no data can tell which of them is in an equation"},
		{HeldInput, "an input is taken to keep its value between samples"},
		{Gaps, "a record was cut at gaps"},
		{NothingHeld, "a record is too short to hold some of it out"},
		{FarFromZero, "a column varies little around a value far from zero"},
		{UnseenState, "no channel sees a state"},
		{PriorDecides, "a prior alone decides what the data leave open"},
		{Undetermined, "a change of states and unknowns that no channel sees"},
		{Held, "a parameter is held because no data determine it apart from others"},
		{GivenNoise, "the noise given for a channel is far from what its samples show"},
		{CoarseSampling, "there are few samples a cycle"},
		{FewCycles, "the record holds few cycles"},
		{NoisyChannel, "a channel is mostly noise"},
		{NothingUnknown, "nothing is unknown"},
		{Outliers, "samples were left out"},
		{CorrelatedNoise, "the noise of a channel is correlated from sample to sample"},
		{SearchedSparse, "the formula was sought on a part of the samples"},
		{Change, "coefficients change at a time"},
		{ChangeUnsolved, "coefficients change, and what they change to could not be found"},
		{RegimesUnused, "regimes are named that the search does not know"},
		{Drift, "coefficients go along with time"},
		{ExtraState, "a hidden state that the model lacks is needed"},
		{NoiseMemory, "the noise of a channel would have to remember for too long"},
		{Step, "a sigmoid may be a step"},
		{Approximation, "a formula looks like an approximation of another function"},
		{Lack, "an equation lacks a term"},
		{Defect, "the equations leave an error"},
		{DrivenByNoise, "the motion itself is noisy"},
		{FarFromPrior, "an answer contradicts its prior"},
		{MeanOfEntries, "a parameter differs between entries, and the model file holds the mean"},
		{NoSpread, "the data show no spread of a parameter over entries"},
		{WideSpread, "a spread is learned from few entries"},
		{OwnParameters, "parameters of a test were estimated from its first half"},
		{AtBound, "a parameter ends at a bound"},
		{Inseparable, "a coefficient or parameter cannot be told apart from others"},
		{ShorterSegments, "segments are shorter than was asked for"},
		{TrainingOnly, "values are of the training data alone"},
		{Escape, "a free run leaves the range of the data"},
		{Rest, "left to itself the model comes to rest"},
		{FarFreeRuns, "free runs miss a channel by much more than its noise, without chaos"},
		{NoFreeRun, "no held-out stretch is long enough for a free run"},
		{ValidTimeBound, "the valid time is a lower bound"},
		{ShortTest, "the held-out record is short"},
		{NoExponents, "there are no Lyapunov exponents"},
		{EarlyEnd, "a long free run ends early"},
		{NoSpectrum, "there is no distance of spectra"},
	}
}
