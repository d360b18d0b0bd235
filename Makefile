# What a contributor runs; CONTRIBUTING.md says when. CI runs .ci/run, which needs no make.

.PHONY: help quick test slow race fuzz bench tables golden

help:
	@echo 'make quick    formatting, vet, and tests without whole discoveries: under a minute'
	@echo 'make test     all tests but the slow ones: minutes'
	@echo 'make slow     with the slow ones: a quarter of an hour'
	@echo 'make race     the race detector on the concurrent packages: minutes'
	@echo 'make fuzz     ten seconds of every fuzz target'
	@echo 'make bench    the benchmarks of the packages, and the gradient against its peers'
	@echo 'make tables   pages of docs/ from the results under bench/, nothing measured'
	@echo 'make golden   testdata as the golden tests find it now; look at git diff'

quick:
	@unformatted="$$(git ls-files '*.go' | xargs gofmt -l)"; [ -z "$$unformatted" ] || { echo "gofmt would change: $$unformatted"; exit 1; }
	go vet ./...
	go test -short ./...

test:
	go test ./...

slow:
	go test -tags slow -timeout 40m ./...

race:
	.ci/race

fuzz:
	.ci/fuzz

bench:
	go test -run '^$$' -bench . ./internal/lane ./tape ./ode ./optim ./fit ./series/csv
	go run ./bench/gradient

tables:
	go run ./bench/league -table
	go run ./bench/doubt -table -page docs/doubt.md
	go run ./bench/optimisers -table

# Packages whose tests are files of text, by what they import; model and export read
# theirs themselves.
golden:
	go test ./model ./export $$(go list -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' ./... | awk '/\/internal\/golden/{print $$1}') -rewrite
