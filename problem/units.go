package problem

import (
	"slices"
	"strconv"
	"strings"

	"govern/expr"
)

// nanoseconds in the units of time that are converted into each other.
func nanoseconds(unit string) (float64, bool) {
	switch unit {
	case "ns":
		return 1, true
	case "us", "µs", "μs":
		return 1e3, true
	case "ms":
		return 1e6, true
	case "s":
		return 1e9, true
	case "min":
		return 60e9, true
	case "h":
		return 3600e9, true
	}
	return 0, false
}

// convertible is what a message says about units.
const convertible = "units that can be converted are ns, us, ms, s, min and h"

// areConvertible reports whether times in one unit can be given in another.
func areConvertible(from, to string) bool {
	_, ok1 := nanoseconds(from)
	_, ok2 := nanoseconds(to)
	return from == to || ok1 && ok2
}

// convertTimes returns times in another unit. Where the units differ by a whole
// factor, each result is rounded once.
func convertTimes(times []float64, from, to string) []float64 {
	if from == to {
		return times
	}
	a, _ := nanoseconds(from)
	b, _ := nanoseconds(to)
	converted := slices.Clone(times)
	for i := range converted {
		if a >= b {
			converted[i] *= a / b
		} else {
			converted[i] /= b / a
		}
	}
	return converted
}

// period returns the unit of time that a unit of frequency counts in.
func period(frequency string) (unit string, ok bool) {
	switch frequency {
	case "":
		return "", true
	case "Hz":
		return "s", true
	case "kHz":
		return "ms", true
	case "MHz":
		return "us", true
	}
	return "", false
}

// parseRate takes "1000 Hz" apart: so many samples a unit of time.
func parseRate(text string) (rate float64, unit string, ok bool) {
	digits := strings.TrimRight(text, "HzkM")
	unit, ok = period(text[len(digits):])
	rate, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	return rate, unit, ok && err == nil && rate > 0 && rate <= 1e300
}

// enumerate is a, b and c; long lists are cut.
func enumerate(words []string) string {
	const most = 20
	switch n := len(words); {
	case n == 0:
		return "none"
	case n == 1:
		return words[0]
	case n > most:
		return strings.Join(words[:most], ", ") + " and " + expr.FormatNumber(float64(n-most)) + " more"
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
