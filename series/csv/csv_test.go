package csv

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"govern/internal/golden"
	"govern/series"
)

func TestErrorsShowPlaceMeaningAndAdvice(t *testing.T) {
	golden.Run(t, "testdata/errors.txt", func(input string) string {
		var want series.Want
		if rest, ok := strings.CutPrefix(input, "time: "); ok {
			want.Time.Column, input, _ = strings.Cut(rest, "\n")
		}
		if rest, ok := strings.CutPrefix(input, "columns: "); ok {
			names, table, _ := strings.Cut(rest, "\n")
			want.Columns, input = strings.Fields(names), table
		}
		s, err := Read(strings.NewReader(input), "data.csv", want)
		if err == nil {
			return fmt.Sprintf("no error: %d samples, %d columns", len(s.Time), len(s.Columns))
		}
		return err.(*series.DataError).Render()
	})
}

func read(t *testing.T, text string, want series.Want) *series.Series {
	t.Helper()
	s, err := Read(strings.NewReader(text), "data.csv", want)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReadUnderstandsTheUsualDialects(t *testing.T) {
	want := []float64{1.5, math.NaN(), -2e-3}
	for name, text := range map[string]string{
		"plain":              "t (ms),v (mV)\n0,1.5\n1,\n2.5,-2e-3\n",
		"no final newline":   "t (ms),v (mV)\n0,1.5\n1,\n2.5,-2e-3",
		"spreadsheet":        "\ufefft (ms);v [mV]\r\n0;1.5\r\n1;NA\r\n2.5;-0.002\r\n\r\n",
		"tabs":               "t [ms]\tv [mV]\n0\t1.5\n1\t\n2.5\t-2e-3\n",
		"quotes and blanks":  "\"t (ms)\", \"v (mV)\"\n0, \"1.5\"\n1, nan\n2.5, -2e-3\n",
		"comments":           "# recorded at night\nt (ms),v (mV)\n0,1.5\n# pause\n\n1,null\n2.5,-2e-3\n",
		"trailing delimiter": "t (ms),v (mV),\n0,1.5,\n1,,\n2.5,-2e-3,\n",
		"columns reordered":  "v(mV),t(ms)\n1.5,0\nN/A,1\n-2e-3,2.5\n",
	} {
		s := read(t, text, series.Want{Time: series.TimeSpec{Column: "t"}})
		v := s.Column("v")
		if v == nil || !same(v.Values, want) || !same(s.Time, []float64{0, 1, 2.5}) || v.Unit != "mV" || s.TimeUnit != "ms" || s.TimeName != "t" {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func same(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !(math.IsNaN(a[i]) && math.IsNaN(b[i])) {
			return false
		}
	}
	return true
}

func TestOnlyTheNamedColumnsAreRead(t *testing.T) {
	s := read(t, "t,label,x,y\n0,rest,1,2\n1,go,3,4\n", series.Want{Columns: []string{"y"}, Optional: []string{"x", "z"}})
	if len(s.Columns) != 2 || s.Column("label") != nil || !same(s.Column("x").Values, []float64{1, 3}) {
		t.Errorf("%+v", s.Columns)
	}
	if want := []string{"t", "label", "x", "y"}; !reflect.DeepEqual(s.Header, want) {
		t.Errorf("header %v", s.Header)
	}
}

func TestSamplingRateGivesTheTimes(t *testing.T) {
	s := read(t, "x\n1\n\n3\n", series.Want{Time: series.TimeSpec{Rate: 4, Unit: "s"}})
	if !same(s.Time, []float64{0, 0.25, 0.5}) || s.TimeUnit != "s" || !same(s.Column("x").Values, []float64{1, math.NaN(), 3}) {
		t.Errorf("%+v", s)
	}
}

func TestZeroBytesAreNoText(t *testing.T) {
	if _, err := Read(strings.NewReader("t\x00,\x00x\x00"), "utf16.csv", series.Want{}); err == nil {
		t.Error("UTF-16 is taken for text")
	}
}

func TestWriteReadsBackToTheSameNumbers(t *testing.T) {
	s := &series.Series{Name: "data.csv", Time: []float64{0, 0.1, 1.0 / 3}, TimeName: "t", TimeUnit: "s", Header: []string{"t", "x", "a, b"},
		Columns: []series.Column{{Name: "x", Unit: "mV", Values: []float64{math.Pi, math.NaN(), -1e-300}}, {Name: "a, b", Values: []float64{1, 2, 3}}}}
	var b bytes.Buffer
	if err := Write(&b, s); err != nil {
		t.Fatal(err)
	}
	if want := "t (s),x (mV),\"a, b\"\n0,3.141592653589793,1\n0.1,,2\n0.3333333333333333,-1e-300,3\n"; b.String() != want {
		t.Errorf("got %q", b.String())
	}
	requireEqual(t, read(t, b.String(), series.Want{}), s)
}

func requireEqual(t *testing.T, got, want *series.Series) {
	t.Helper()
	if !same(got.Time, want.Time) || got.TimeName != want.TimeName || got.TimeUnit != want.TimeUnit || len(got.Columns) != len(want.Columns) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	for i, c := range want.Columns {
		if g := got.Columns[i]; g.Name != c.Name || g.Unit != c.Unit || !same(g.Values, c.Values) {
			t.Fatalf("got %+v, want %+v", g, c)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("t (ms),v [mV]\n0,1.5\n1,\n2.5,-2e-3\n")
	f.Add("\ufeff\"t\";\"a;b\"\r\n0;1\r\n1;nan\r\n")
	f.Add("t\tx\n# c\n\n0\t1\n1\tinf\n")
	f.Add("0,1\n")
	f.Add("t [log(s]\v,\"#x\v\"\n0,\n1,")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Read(strings.NewReader(text), "data.csv", series.Want{})
		if err != nil {
			var e *series.DataError
			if !errors.As(err, &e) || e.Text == "" {
				t.Fatalf("not a DataError: %v", err)
			}
			return
		}
		for i := range s.Time {
			if i > 0 && !(s.Time[i] > s.Time[i-1]) {
				t.Fatal("times do not increase")
			}
		}
		var b bytes.Buffer
		if err := Write(&b, s); err != nil {
			t.Fatal(err)
		}
		requireEqual(t, read(t, b.String(), series.Want{}), s)
	})
}

func BenchmarkRead(b *testing.B) {
	const rows = 100_000
	var text bytes.Buffer
	text.WriteString("t,x,y,z\n")
	for i := range rows {
		at := float64(i) * 0.01
		fmt.Fprintf(&text, "%g,%g,%g,%g\n", at, math.Sin(at), math.Cos(at), math.Sin(3*at))
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := parse(text.Bytes(), "data.csv", series.Want{}); err != nil {
			b.Fatal(err)
		}
	}
}
