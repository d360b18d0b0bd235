package main

import (
	"os"
	"strings"
	"testing"
)

func TestThePageIsWhatTheResultsSay(t *testing.T) {
	results, err := read("results.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/training.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), table(results)+"\n") {
		t.Error("the table of docs/training.md differs from the results; make tables writes it again")
	}
}
