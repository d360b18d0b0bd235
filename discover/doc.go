// Package discover finds formulas for the unknowns of a model: libraries of
// candidate terms, fitted on trajectories and selected by penalised evidence.
//
// A search walks a list of ways (ways.go). What each finds goes into a pool of
// candidates (pool.go), of which the best is concluded into a Result (conclude.go).
// A new way is a file with its value, and a line of the list.
//
// Candidate terms and their selection are in discover/terms, what is known of
// coefficients that change with time in discover/changes; neither knows of a search.
//
// # Unseen states
//
// States that no channel sees, directly or through a known equation (every other place of a ring whose coupling
// is unknown), have no smoother. discover.beginFromDraws draws them as random smooth functions on ten cycles,
// puts the whole library in at zero, and fits states and coefficients together while the defects tighten: with
// loose defects nothing holds a wrong draw, and tightening sorts them. Of Lorenz-96, half observed, one draw in
// two to eight ends at the truth; the first that passes the checks on the stretch and then on all data becomes
// the path that the roads begin with. Where an affine change of such a state alters no channel it is refused
// before (fit.UnobservedError, which names the change); where 24 draws a library lead nowhere the run ends as
// no_model.
//
// # Correlated noise
//
// Differences see little of noise whose neighbours agree, so a right formula fails the noise check and the cap
// makes the smoother take noise for motion. When no library passes, or the best formula leaves a defect or a
// correlated residual, that formula is forced on the data without defects and without a cap
// (Engine.FindCorrelatedNoise). If what it leaves is AR(1) noise, which a wrong model's residual is not (its
// autocorrelation does not fall as a power), the search runs again with the noise counted as white and
// √((1+ρ)/(1−ρ)) times as large, which is its power at low frequencies, where the motion is. Reported noise is
// that of a sample.
//
// # Regimes
//
// When the best formula fails the checks or leaves a defect, every block of the record gives its triangle on the
// coefficients of the library (fit.Engine.Triangles), and dynamic programming cuts the blocks where the
// penalised −2 log posterior is least. Polynomials in time compete with the cuts (discover/changes/drift.go):
// where they cost less, terms times the time join the library instead. Else the record is cut there, indicators
// of the regimes become conditions, products of terms with indicators join the library, and the same search runs
// again: sharing is selection. It is believed only if it passes the checks, and, where a formula without regimes
// passes too, only without defects. Then the places are found again by a motion that switches from one formula
// to the other and goes on (discover/changes/place.go), whose likelihoods give their intervals. A place from a
// formula that was fitted with samples of the wrong regime is wrong too, so the formula is fitted again without
// the samples that the interval leaves in doubt, tightened, and gives the places again until they stay. These
// motions last eight cycles on both sides, with as few defects as they bear: what a chaotic motion does long
// after says more of the place than what it does near it. Coefficients are at their best for every place, as far
// as the rest of the record lets them. Change points at which nothing changes are dropped, and a coefficient
// that is zero in a regime within its error is left out there (discover/absent.go). Ties are asked for once, at
// the end. Regimes that are given (record.Entry.Regime) take the same way without the search for places
// (discover/given.go). What a search could not see, held-out data and what lies between excerpts, is looked at
// by conclude with the formula it found (conclude, changes.go): the problem is then solved again with the starts
// as given ones, a fifth of every regime held out. Places may so rest on held-out data; formulas do not. Most
// changes are found earlier (discover/early.go): after each degree that fails, triangles of stretches of four
// cycles are taken at the smoothed path and a small defect. A library that holds in every regime costs about one
// a sample there, one that lacks a term, or process noise, tens or hundreds, so nothing else is cut. If no
// larger library explains the record whole, the search with regimes is of this degree alone, gives up where the
// whole library fails the checks, and believes only what ends without defects.
//
// # Ways
//
// A search walks a list (discover/ways.go): libraries, noise, process noise, functions of one argument, regimes,
// another try at the smallest defect, correlated noise, functions of several arguments, shorter formulas, neural
// forms, an extra state. A way is a value with a name, a class of cost, the reason why a problem excludes it,
// the reason why it is not due with what has been found, and one function; it puts candidates into the pool or
// returns the answer of a search of its own. Where every state is observed process noise and regimes come before
// what forces a fit to the smallest defect, else after: such a way has two places in the list. Result.Ways says
// of each whether it was tried, why not, and what it found; discover.Ways lists them before a search. A new way
// is a file and a line.
//
// # Selection
//
// A term costs log(observations) + 2 log(choices) on −2 log L. Where the best fit ends with loose defects it
// goes on at the smallest (discover/retry.go): under much noise a hidden state may lie in a narrow valley that
// the annealing ends in. From the quadratic profile of the whole library the best subset is proposed, then
// subsets that drop only part of what it drops, then single moves; only a true refit is believed. Supports are
// compared at one noise and one defect weight; roads and degrees, which differ in both, by evidence with the
// nodes integrated out.
//
// # Functions
//
// What polynomials only approximate is tried after them in unknowns of one argument (of several, where nothing
// else passes): families with fitted numbers inside (discover/families.go), which join the model's fitted
// parameters, then piecewise linear functions. Where the best polynomial passes the checks its profile, with
// every family on a coarse grid and its slopes as columns, says which families to fit and where to start; the
// regression on the smoothed path is too blunt for that. Numbers are set to their canonical values (a centre at
// 0, a rate of 1) where evidence allows. A polynomial of several arguments that passes but looks like an
// approximation is also compared with functions of one combination of the arguments (discover/ridge.go: the
// direction begins at the first eigenvector of the gradient's second moments, or at the best of 24 angles) and
// with fractions (discover/rational.go: the denominator begins at an implicit regression on the polynomial's own
// values, refined on the smoothed path); only what the profile does not exclude is fitted. Formulas of other
// families within the margin of ties are listed as such (discover/ties.go).
//
// # Slow states
//
// Where no library, function or network passes, what the smoothed unknowns have beyond their arguments may be
// memory (discover/extra.go). Regressions with a filtered state, or its square, as another column rank
// proposals: driver, equation, rate. A rate is at most half over the characteristic time; a faster state would
// follow its driver and stand for any function that the library lacks. The best four become states q' =
// gain·driver − rate·q, added to the equation, and are fitted with the whole library, then selected where the
// first fit leaves a small defect. In this form the gain is determined where the rate hardly is; with q' =
// rate·(driver − q) times a factor only their product would be, and fits stuck in that valley. The answer must
// pass the checks, have a gain of six standard deviations, and free runs better than chance; result.json names
// it under extra, and model.yaml holds it.
//
// # Doubt
//
// A fit is refused (no_model) when its noise sits above what differences show, when its loss is not one a
// sample, or when the evidence asks for corrections above a twentieth of a standard deviation a characteristic
// time: such a model follows the data instead of explaining it. The last test was found necessary, because
// evidence is free to choose large defects, under which the first two look fine.
//
// A formula that passes may still be an approximation. discover/doubt.go adds to every equation a function of
// every state, at zero, and reads off the quadratic profile how far −2 log L would fall: χ² under a right model.
// A sure lack makes the answer ambiguous and names equation, state and monomial; the chance is in result.json in
// any case. So do polynomials that keep most terms of the highest degree, powers beside a function that bends,
// and noise that would have to remember for longer than the motion's own time. What it detects, and that it is
// silent on right models, is in docs/doubt.md. Networks and systems of more than eight states are not tested.
// Hidden states may change their scale in the test (probe.rescale).
//
// # Process noise
//
// Defects are, in an equation that is right, discretised process noise; what tells them from the corrections of
// a wrong equation is that they are white and of no function of the states. Where the best formula ends with
// defects (discover/driven.go), a Kalman filter through its linearisation (fit.Innovations) gives the likelihood
// of one-step predictions, which every state's noise maximises in turn (fit.Engine.FitProcessNoise); the nodes'
// own likelihood cannot choose them, since defects and nodes trade off. Terms are selected again, then the
// innovations of every channel must pass a portmanteau test and the equations the lack-of-fit test. States are
// then located under the same noise.
package discover
