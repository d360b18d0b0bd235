// Package run keeps runs in directories of plain files: what was asked
// (problem.yaml, manifest.json), how it went (history.csv, checkpoint/) and what
// came out (result.json, model.yaml, trajectories.csv, report.html).
//
// Files appear whole or not at all: each is written under another name, synced
// and renamed. A run that is killed at any moment leaves every step that it had
// finished; the next one restores these steps and ends with the same bytes.
package run
