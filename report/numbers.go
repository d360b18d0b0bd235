package report

import (
	"math"
	"strconv"
	"strings"
)

// shortNumber writes v ≥ 0 with at most five significant digits as
// mantissa·10^exponent; the exponent is 0 for the ordinary range [1e-3, 1e5).
// Zeros at the end are left out where the number is exact without them: 0.2 is
// not 0.20000.
func shortNumber(v float64) (mantissa string, exponent int) {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return plain(v), 0
	}
	if v >= 1e-3 && v < 99999.5 {
		return trimZeros(v, strconv.FormatFloat(v, 'f', max(0, 4-decade(v)), 64), 0), 0
	}
	s := strconv.FormatFloat(v, 'e', 4, 64)
	mantissa, power, _ := strings.Cut(s, "e")
	exponent, _ = strconv.Atoi(power)
	return trimZeros(v, mantissa, exponent), exponent
}

// decade is floor(log10 |v|), exact at powers of ten.
func decade(v float64) int {
	s := strconv.FormatFloat(math.Abs(v), 'e', -1, 64)
	_, power, _ := strings.Cut(s, "e")
	d, _ := strconv.Atoi(power)
	return d
}

func trimZeros(v float64, mantissa string, exponent int) string {
	if !strings.Contains(mantissa, ".") {
		return mantissa
	}
	short := strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	if exact, err := strconv.ParseFloat(short+"e"+strconv.Itoa(exponent), 64); err != nil || exact != v {
		return mantissa
	}
	return short
}

func plain(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	}
	return strings.Replace(strconv.FormatFloat(v, 'f', -1, 64), "-", "−", 1)
}

func integer(n int) (text string, minus bool) {
	if n < 0 {
		return strconv.Itoa(-n), true
	}
	return strconv.Itoa(n), false
}

// significant writes a number for running text with n significant digits, a true
// minus sign and, where it is large or small, a power of ten.
func significant(v float64, n int) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return plain(v)
	}
	s := strconv.FormatFloat(v, 'e', max(0, n-1), 64)
	mantissa, power, _ := strings.Cut(s, "e")
	e, _ := strconv.Atoi(power) // after rounding: 0.09999 with two digits is 0.10
	if e >= -4 && e < max(n, 5) {
		return strings.Replace(strconv.FormatFloat(v, 'f', max(0, n-1-e), 64), "-", "−", 1)
	}
	return strings.Replace(mantissa, "-", "−", 1) + " × 10" + superscript(e)
}

// superscript writes an integer as an exponent for running text.
func superscript(n int) string {
	digits := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	return strings.Map(func(r rune) rune {
		if r == '-' {
			return '⁻'
		}
		return digits[r-'0']
	}, strconv.Itoa(n))
}

// FormatEstimate writes a value and its interval with as many decimals as two
// significant digits of the interval's half width need, and up to three more
// where the value would read as zero; four significant digits of the value where
// there is no interval.
func FormatEstimate(value, low, high float64) (v, l, h string) {
	half := (high - low) / 2
	if !(half > 0) || math.IsInf(half, 0) {
		return significant(value, 4), significant(low, 4), significant(high, 4)
	}
	largest := max(math.Abs(value), math.Abs(low), math.Abs(high))
	decimals := 1 - decade(half)
	if value != 0 {
		decimals = max(decimals, min(-decade(value), max(decimals, 0)+3))
	}
	if top := decade(largest); top < -4 || top > 6 || decimals > 12 {
		digits := min(max(2, top+decimals+1), 15)
		return significant(value, digits), significant(low, digits), significant(high, digits)
	}
	return fixed(value, decimals), fixed(low, decimals), fixed(high, decimals)
}

// fixed writes a number with a number of decimals, a true minus sign and no
// negative zero.
func fixed(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return plain(v)
	}
	s := strconv.FormatFloat(v, 'f', max(0, decimals), 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return strings.Replace(s, "-", "−", 1)
}
