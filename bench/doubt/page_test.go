package main

import (
	"os"
	"testing"

	"govern/bench/internal/cache"
)

func TestThePageIsWhatTheResultsSay(t *testing.T) {
	results, err := cache.Read("results.jsonl", outcome{})
	if err != nil {
		t.Fatal(err)
	}
	alarms, err := league("league.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../docs/doubt.md")
	if err != nil {
		t.Fatal(err)
	}
	if page(results, alarms) != string(want) {
		t.Error("docs/doubt.md differs from the results; make tables writes it again")
	}
}
