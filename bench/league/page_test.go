package main

import (
	"os"
	"testing"
)

func TestThePageIsWhatTheResultsSay(t *testing.T) {
	results, err := read("results.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	got, err := page(results)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../docs/league.md")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("docs/league.md differs from the results; make tables writes it again")
	}
}
