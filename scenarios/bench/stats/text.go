package stats

import (
	"math"
	"strconv"
	"strings"
)

// missing is what stands for a figure that there is not.
const missing = "–"

// Text writes a figure with three significant digits, digits of large numbers
// grouped by commas.
func Text(v float64) string {
	switch {
	case math.IsNaN(v):
		return missing
	case v == 0:
		return "0"
	}
	whole := int(math.Floor(math.Log10(math.Abs(v)))) + 1 // digits before the point
	if whole >= 3 {
		step := math.Pow(10, float64(whole-3))
		return grouped(strconv.FormatFloat(math.Round(v/step)*step, 'f', 0, 64))
	}
	return strconv.FormatFloat(v, 'f', max(3-whole, 0), 64)
}

// String writes a median with its spread, if there is one.
func (s Spread) String() string {
	least, largest := Text(s.Min), Text(s.Max)
	if least == largest {
		return Text(s.Median)
	}
	return Text(s.Median) + " (" + least + "…" + largest + ")"
}

// grouped sets commas into a whole number.
func grouped(digits string) string {
	sign, rest := "", digits
	if strings.HasPrefix(rest, "-") {
		sign, rest = "-", rest[1:]
	}
	for at := len(rest) - 3; at > 0; at -= 3 {
		rest = rest[:at] + "," + rest[at:]
	}
	return sign + rest
}
