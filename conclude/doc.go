// Package conclude makes an answer of what a search finds: it goes on with the data as
// the search has left them, looks for changes where the search has not looked, brings
// the formula back to all samples, refits it with vanishing defects, joins what was cut,
// gives intervals, and lets assess prove it.
//
// Every stage takes the stage before it as a value and returns the next:
//
//	Question ─► Searched ─► Refit ─► Answer
//
// Nothing writes to a stage that has been returned; an Answer is immutable.
//
// # The last digits
//
// A search ends at a defect of 1e-3 standard deviations a characteristic time, because defects help it to
// converge; over a long record they forget, and so does a cut between training and held-out data. Engine.Tighten
// lowers the defects of the chosen fit by tens as long as the evidence does not mind, and Join puts the parts of
// a record together in the final refit, with nodes and no samples in the gaps, if every state that is no longer
// free costs no more than noise explains. With regimes whose starts the problem gives neither is done: they may
// be off, and defects make up for that. What is left is maximum likelihood on one initial state a record;
// bench/league/bound.go says how far that is from the Cramér–Rao bound.
//
// # Fit and extract
//
// govern.Fit and govern.Extract are govern.Discover with another search on the training entries (discover.Fit,
// discover.Extract); expansion to all samples, the refit, the proof and the outcome are the same code. Fit
// trains networks (Engine.Neural, then the defect weight tuned by evidence as for libraries), whole libraries (a
// road without selection), or, in a closed model, does what Run does. Extract starts Engine.Retrain from given
// weights instead of drawn ones and goes on where Run goes on after its networks. It starts from the weights and
// at the defect weight of the fit on the training entries (training in ude.json): networks that had seen the
// held-out entries would leak them into the choice of terms, and one annealed anew ends in a neighbouring
// minimum, from which another formula may be found (a saturating response was missed that way). It retrains
// because covariance, noise and nodes, which the search needs, are not in the file. The networks that an
// extraction began with are copied into its directory (neural.json) and hashed in its manifest, so a resumed one
// cannot start from others.
package conclude
