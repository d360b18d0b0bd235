package run_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"govern/run"
)

// full is the example of the documentation, with undefined numbers.
func full() *run.Result {
	x, f := "-y - z", "1.0002*x + 0.1998*y"
	return &run.Result{
		Status:    run.Ambiguous,
		Advice:    "measure y",
		Equations: map[string]*string{"z": nil, "y": &f, "x": &x},
		Unknowns: map[string]run.Unknown{
			"f": {Arguments: []string{"x", "y"}, Expression: &f, Terms: []run.Term{
				{Term: "x", Coefficient: 1.0002, Low: 0.9991, High: 1.0013},
				{Term: "y", Coefficient: 0.1998, Low: run.Undefined(), High: run.Number(math.Inf(1))}}},
			"g": {}},
		Parameters:   map[string]run.Estimate{"c": {Value: 14.001, Low: 13.97, High: 14.03}},
		Errors:       run.Errors{Free: map[string]run.Number{"x": 0.013}},
		Dynamics:     run.Dynamics{Lyapunov: run.Numbers([]float64{0.111, 0, -13.8}), ValidTime: run.Undefined()},
		Noise:        map[string]run.Number{"x": 0.0101},
		Alternatives: []run.Alternative{{Expressions: map[string]string{"f": "if(x < 0, 1, 2)"}, Delta: 1.3}},
		Supplied:     run.Supplied{Defects: map[string]run.Number{"x": 1e-6, "y": run.Undefined()}},
		Seconds:      run.Seconds{Fit: 1.9},
	}
}

func TestResultReadsBackToTheSameBytes(t *testing.T) {
	for _, r := range []*run.Result{full(), {}} {
		first, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := run.DecodeResult(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := back.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("first\n%s\nsecond\n%s", first, second)
		}
	}
}

func TestResultIsWhatOtherProgramsRelyOn(t *testing.T) {
	data, err := full().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"status": "ambiguous"`, `"z": null`, `"low": null`, `"high": null`, `"valid_time": null`, `"warnings": []`, `"nudged": {}`,
		`"expression": null`, `"terms": []`, `"f": "if(x < 0, 1, 2)"`, `"lyapunov": [`, `"coefficient": 1.0002`,
		`"supplied": {`, `"gain": 0`, `"x": 0.000001`, `"y": null`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in\n%s", want, data)
		}
	}
	if i, j := strings.Index(string(data), `"x": "-y`), strings.Index(string(data), `"z": null`); i > j {
		t.Error("keys are not in alphabetical order")
	}
}

func TestTrajectoriesHaveOneColumnForEveryKindOfRun(t *testing.T) {
	nan := math.NaN()
	tr := &run.Trajectories{Entries: []run.Track{
		{Entry: "a.csv", Time: []float64{0, 0.1}, Channels: []run.TrackChannel{
			{Name: "x", Data: []float64{1, nan}, Nudged: []float64{1, 2}, Free: []float64{1, 1.5}}}},
		{Entry: "b, c", Time: []float64{0}, Channels: []run.TrackChannel{
			{Name: "y", Data: []float64{3}}, {Name: "x", Free: []float64{1e-300}}}},
	}}
	var b bytes.Buffer
	if err := tr.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := `entry,t,x_data,x_nudged,x_free,y_data,y_nudged,y_free
a.csv,0,1,1,1,,,
a.csv,0.1,,2,1.5,,,
"b, c",0,,,1e-300,3,,
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
