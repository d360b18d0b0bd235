package export_test

import (
	"bytes"
	"strings"
	"testing"

	"govern/export"
	"govern/model"
)

func TestARoundedModelHasTheDigitsItsIntervalsWarrant(t *testing.T) {
	m, err := model.Read("model", []byte(`
states: {x: -6.283185307179586, y: 0.5}
parameters: {c: 14.001234567891234, g: 9.80665}
equations: |
  x' = -1.0000123456789*y + 3.14159265*x
  y' = g - c*abs(x + 1.573012345678912) + 2.5e-13*x
`))
	if err != nil {
		t.Fatal(err)
	}
	intervals := []export.Interval{{Value: 14.001234567891234, Low: 13.97, High: 14.03}, {Value: -1.0000123456789, Low: -1.008, High: -0.992}}
	var b bytes.Buffer
	if err := export.Write(&b, export.Rounded(m, intervals), export.LaTeX); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{"-1.00001", "3.14159265", "1.57301", "14.0012", "9.80665", "-6.28319", "0.5"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	for _, digits := range []string{"1.000012", "1.573012", "14.00123", "6.283185"} {
		if strings.Contains(text, digits) {
			t.Errorf("%s has digits that mean nothing:\n%s", digits, text)
		}
	}
	if m.States[0].Value != -6.283185307179586 {
		t.Error("the model itself was changed")
	}
}
