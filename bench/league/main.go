// Command league measures the defaults on simulated problems whose answer is
// known: boards of cases, several seeds each, nothing tuned for a case. Results
// go to a cache line by line, so that an interrupted league goes on where it
// stopped, and the table is written from the cache.
//
//	go run ./bench/league -board noise -seeds 101,102,103
//	go run ./bench/league -table          # only writes docs/league.md again
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"govern/bench/internal/cache"
	"govern/run"
)

func main() {
	var o options
	flag.StringVar(&o.boards, "board", "", "boards to run, by comma; all when empty")
	flag.StringVar(&o.cases, "case", "", "only cases whose name contains this")
	flag.StringVar(&o.seeds, "seeds", "101", "seeds, by comma, or a range as 101-105")
	flag.StringVar(&o.cache, "cache", "bench/league/results.jsonl", "file of results")
	flag.StringVar(&o.page, "page", "docs/league.md", "where the table goes")
	flag.BoolVar(&o.again, "again", false, "run what the cache has too")
	flag.BoolVar(&o.table, "table", false, "run nothing, write the table")
	flag.BoolVar(&o.slow, "slow", false, "the slow cases too")
	flag.BoolVar(&o.list, "list", false, "list boards and cases")
	flag.IntVar(&o.workers, "workers", 0, "workers; 0: all cores")
	flag.DurationVar(&o.limit, "limit", 10*time.Minute, "longest time of a run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "league:", err)
		os.Exit(1)
	}
}

type options struct {
	boards, cases, seeds, cache, page string
	again, table, slow, list          bool
	workers                           int
	limit                             time.Duration
}

func (o options) run(ctx context.Context) error {
	results, err := read(o.cache)
	if err != nil {
		return err
	}
	seeds, err := parseSeeds(o.seeds)
	if err != nil {
		return err
	}
	for _, b := range boards() {
		if o.boards != "" && !slices.Contains(strings.Split(o.boards, ","), b.name) {
			continue
		}
		for _, c := range b.cases {
			if !strings.Contains(c.name, o.cases) || c.slow && !o.slow {
				continue
			}
			if o.list {
				fmt.Printf("%s: %s\n", b.name, c.name)
				continue
			}
			for _, seed := range seeds {
				k := key{b.name, c.name, seed}
				if _, done := results[k]; done && !o.again || o.table {
					continue
				}
				limited, cancel := context.WithTimeout(ctx, o.limit)
				r, err := c.solve(limited, seed, o.workers)
				cancel()
				if err != nil {
					return fmt.Errorf("%s, seed %d: %w", c.name, seed, err)
				}
				if ctx.Err() != nil {
					return ctx.Err()
				}
				r.Board = b.name
				results[k] = r
				if err := cache.Add(o.cache, r); err != nil {
					return err
				}
				fmt.Println(r.line())
			}
		}
	}
	if o.list {
		return nil
	}
	text, err := page(results)
	if err != nil {
		return err
	}
	return os.WriteFile(o.page, []byte(text), 0o644)
}

// parseSeeds reads 101,103 or 101-105.
func parseSeeds(text string) ([]uint64, error) {
	var out []uint64
	for _, part := range strings.Split(text, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		from, err := strconv.ParseUint(low, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("seeds %q: %w", text, err)
		}
		to, err := strconv.ParseUint(high, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("seeds %q: %w", text, err)
		}
		for s := from; s <= to; s++ {
			out = append(out, s)
		}
	}
	return out, nil
}

// key identifies a run in the cache.
type key struct {
	board, name string
	seed        uint64
}

// read returns the cache; of several lines of one run the last counts.
func read(path string) (map[key]outcome, error) {
	records, err := cache.Read(path, outcome{Bound: run.Undefined(), Chi: run.Undefined(), Free: run.Undefined()})
	if err != nil {
		return nil, err
	}
	results := map[key]outcome{}
	for _, r := range records {
		results[key{r.Board, r.Case, r.Seed}] = r
	}
	return results, nil
}
