package run

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"govern/expr"
	"govern/tape"
)

func sampleUDE(activation string, hidden ...int) *UDE {
	n := Network{
		Unknown: "f", Arguments: []string{"x", "y"}, Hidden: hidden, Activation: activation,
		Shift: []Number{1, -2}, Scale: []Number{3, 0.1}, Gain: 5,
	}
	n.Weights = Numbers(tape.Neural{Names: []string{"f"}, Inputs: 2, Hidden: hidden}.Draw(rand.New(rand.NewPCG(1, 2))))
	return &UDE{Forms: []Network{n}, Parameters: map[string]Number{"c": 1.0 / 3},
		Training: &Training{Weights: map[string][]Number{"f": n.Weights}, Parameters: map[string]Number{"c": 0.3}, Omega: 0.001}}
}

func encoded(t *testing.T, u *UDE) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := u.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNetworksReadBackToTheSameBits(t *testing.T) {
	for _, activation := range tape.Activations() {
		for _, hidden := range [][]int{{4}, {3, 2}, {}} {
			u := sampleUDE(activation, hidden...)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, UDEFile), encoded(t, u), 0o666); err != nil {
				t.Fatal(err)
			}
			got, err := ReadUDE(dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(hidden) > 0 && !reflect.DeepEqual(got, u) || !bytes.Equal(encoded(t, got), encoded(t, u)) {
				t.Errorf("%+v reads back as %+v", u, got)
			}
		}
	}
}

// The guide's description of the file, followed by hand.
func TestANetworkIsWhatTheGuideSays(t *testing.T) {
	n := sampleUDE("tanh", 3).Forms[0]
	x, y := 2.5, -1.75
	u := []float64{(x - 1) / 3, (y + 2) / 0.1}
	sum := float64(n.Weights[3*3+3])
	for o := range 3 {
		a := float64(n.Weights[3*2+o]) + float64(n.Weights[2*o])*u[0] + float64(n.Weights[2*o+1])*u[1]
		sum += float64(n.Weights[3*3+o]) * math.Tanh(a)
	}
	got, err := expr.Eval(n.Formula(), func(name string) (float64, bool) { return map[string]float64{"x": x, "y": y}[name], true })
	if err != nil || math.Abs(got-5*sum) > 1e-14*(1+math.Abs(5*sum)) {
		t.Errorf("%v, by hand %v (%v)", got, 5*sum, err)
	}
}

func TestTheGuidesExampleIsRead(t *testing.T) {
	guide, err := os.ReadFile("../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "### ude.json")
	_, rest, _ = strings.Cut(rest, "```json\n")
	text, _, _ := strings.Cut(rest, "```")
	u, err := DecodeUDE("docs/guide.md", []byte(text))
	if err != nil || len(u.Forms) != 1 || u.Forms[0].Formula() == nil {
		t.Errorf("%v in\n%s", err, text)
	}
}

func TestDamagedNetworksAreExplained(t *testing.T) {
	whole := string(encoded(t, sampleUDE("tanh", 2)))
	for _, c := range []struct{ from, to, place, text string }{
		{`"forms"`, `"form"`, "", "form"},
		{`"gain": 5`, `"gain": "high"`, "", "cannot unmarshal"},
		{`"unknown": "f"`, `"unknown": "2f"`, "forms[0].unknown", "not a name"},
		{`"tanh"`, `"tahn"`, "forms[0].activation", "tanh"},
		{`"y"`, `"y", "z"`, "forms[0].shift", "2 numbers where 3 belong"},
		{`"gain": 5`, `"gain": 0`, "forms[0].gain", "0"},
		{`"gain": 5`, `"gain": null`, "forms[0].gain", "NaN"},
		{`        2` + "\n", `        3` + "\n", "forms[0].weights", "9 numbers where 13 belong"},
		{`        2` + "\n", `        -2` + "\n", "forms[0].hidden", "-2"},
		{`0.3333333333333333`, `null`, "parameters.c", "finite"},
		{`0.001`, `0`, "training.omega", "above zero"},
		{`"f": [`, `"f": [1, `, "training.weights.f", "10 numbers where 9 belong"},
		{`"f": [`, `"g": [`, "training.weights.f", "0 numbers where 9 belong"},
		{`"c": 0.3` + "\n", `"d": 0.3` + "\n", "training.parameters.c", "finite"},
	} {
		text := strings.Replace(whole, c.from, c.to, 1)
		if text == whole {
			t.Fatalf("%q is not in\n%s", c.from, whole)
		}
		_, err := DecodeUDE("a/ude.json", []byte(text))
		var damaged *UDEError
		if !errors.As(err, &damaged) || damaged.Place != c.place || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "a/ude.json") {
			t.Errorf("%s → %s: %v", c.from, c.to, err)
		}
	}
	_, err := DecodeUDE("a", []byte(whole+whole))
	if damaged := (*UDEError)(nil); !errors.As(err, &damaged) {
		t.Errorf("two files in one: %v", err)
	}
	_, err = ReadUDE(t.TempDir())
	if none := (*NoUDEError)(nil); !errors.As(err, &none) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzNetworks(f *testing.F) {
	var b bytes.Buffer
	if err := sampleUDE("gelu", 2, 3).Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"forms":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		u, err := DecodeUDE("a", data)
		if err != nil {
			return
		}
		for _, n := range u.Forms {
			if n.Formula() == nil {
				t.Error("a network without a formula")
			}
		}
	})
}
