package export

import (
	"bytes"
	"strings"

	"govern/expr"
	"govern/model"
)

// writeC writes one file of C99 with a main.
func writeC(b *bytes.Buffer, m *model.Model) {
	l := language{
		dialect: dialect{pi: "pi", power: cPower, call: cCall, choose: cChoose},
		reserve: strings.Fields(cReserved),
		member:  "p->",
		helpers: cHelpers(),
		source:  parse("c", cSource),
	}
	l.write(b, m)
}

// cReserved are the keywords (C23's too), the macros that the headers or a
// compiler define, and what the right-hand side uses.
const cReserved = `auto break case char const continue default do double else enum extern float for goto if inline int long
	register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
	alignas alignof asm bool constexpr false fortran nullptr static_assert thread_local true typeof typeof_unqual
	NULL EOF BUFSIZ FILENAME_MAX FOPEN_MAX TMP_MAX L_tmpnam SEEK_SET SEEK_CUR SEEK_END stdin stdout stderr
	RAND_MAX EXIT_SUCCESS EXIT_FAILURE MB_CUR_MAX NAN INFINITY HUGE_VAL HUGE_VALF HUGE_VALL math_errhandling
	FP_NAN FP_INFINITE FP_ZERO FP_NORMAL FP_SUBNORMAL FP_ILOGB0 FP_ILOGBNAN FP_FAST_FMA MATH_ERRNO MATH_ERREXCEPT
	M_E M_LOG2E M_LOG10E M_LN2 M_LN10 M_PI M_PI_2 M_PI_4 M_1_PI M_2_PI M_2_SQRTPI M_SQRT2 M_SQRT1_2 MAXFLOAT signgam
	DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS X_TLOSS linux unix i386 isnan
	t state p d u pi rhs fabs pow log1p maximum minimum interpolate STATES STEP`

// cPower multiplies out squares and cubes of a name.
func cPower(d *dialect, base, exponent *expr.Expr) term {
	n, whole := wholeExponent(exponent)
	x := d.text(base)
	switch {
	case base.Kind == expr.Name && n == "2":
		return term{x + "*" + x, multiplying}
	case base.Kind == expr.Name && n == "3":
		return term{x + "*" + x + "*" + x, multiplying}
	case whole:
		return term{"pow(" + x + ", " + n + ")", atomic}
	}
	return term{"pow(" + x + ", " + d.text(exponent) + ")", atomic}
}

func cCall(function string, args []string) string {
	switch function {
	case "abs":
		function = "fabs"
	case "max":
		function = "maximum"
	case "min":
		function = "minimum"
	}
	return function + "(" + strings.Join(args, ", ") + ")"
}

func cChoose(condition, yes, no string) string {
	return "(" + condition + " ? " + yes + " : " + no + ")"
}

func cHelpers() map[string]string {
	return map[string]string{
		"heaviside": `/* 0 below zero, 1 above, 1/2 at zero */
static double heaviside(double x) { return x > 0 ? 1.0 : x < 0 ? 0.0 : 0.5 + x; }
`,
		"logistic": `static double logistic(double x) { return 1/(1 + exp(-x)); }
`,
		"max": `/* unlike fmax, it is no number when one of them is none */
static double maximum(double a, double b) { return a > b || isnan(a) ? a : b; }
`,
		"min": `/* unlike fmin, it is no number when one of them is none */
static double minimum(double a, double b) { return a < b || isnan(a) ? a : b; }
`,
		"mod": `/* the floored remainder: it has the sign of b */
static double mod(double a, double b) { return a - b*floor(a/b); }
`,
		"relu": `/* the positive part of x */
static double relu(double x) { return x > 0 || isnan(x) ? x : 0.0; }
`,
		"sign": `static double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }
`,
		"softplus": `/* log(1 + exp(x)), without overflow */
static double softplus(double x) { return (x > 0 ? x : 0.0) + log1p(exp(-fabs(x))); }
`,
	}
}

const cSource = `
/*
{{range .About}} * {{.}}
{{end}} *
 * Written by govern export --to c; C99, needs the mathematics library only.
 *
 *     cc -std=c99 -O2 -o model THIS_FILE -lm
 *     ./model [t_end [dt]] > trajectory.csv
 *
 * writes a row every dt, as comma-separated values.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATES = {{len .States}} };
{{if .Pi}}
static const double pi = 3.14159265358979323846;
{{end}}
/* Largest step of the Runge-Kutta method
   ({{.StepNote}}). */
static const double STEP = {{.Step}};

/* Initial state: {{wrap (names .States) "   "}}. */
static const double x0[STATES] = {{wrap (printf "{%s}" (values .States)) "    "}};
{{if .Parameters}}
/* The constants of the equations. */
struct parameters {
{{- range .Parameters}}
    double {{.Name}};{{if .Renamed}} /* {{.Original}} */{{end}}
{{- end}}
};

static const struct parameters parameters = {
{{- range .Parameters}}
    .{{.Name}} = {{.Value}},
{{- end}}
};
{{else}}
/* The equations have no constants. */
struct parameters {
    int none;
};

static const struct parameters parameters = {0};
{{end}}
{{- if .AnyInput}}
/* A signal is linear between its n samples and constant outside; its times
   increase. */
struct signal {
    int n;
    const double *time, *value;
};

/* The signals that drive the model. */
struct inputs {
{{- range .Inputs}}
    struct signal {{.Name}};{{if .Renamed}} /* {{.Original}} */{{end}}
{{- end}}
};

/* Put your own samples here: their number, times and values. */
static const struct inputs inputs = {
{{- range .Inputs}}
    .{{.Name}} = {1, (const double[]){0.0}, (const double[]){0.0}},
{{- end}}
};

/* The value of a signal at time t. */
static double interpolate(const struct signal *s, double t)
{
    if (t <= s->time[0])
        return s->value[0];
    if (t >= s->time[s->n - 1])
        return s->value[s->n - 1];
    int low = 0, high = s->n - 1; /* time[low] <= t < time[high] */
    while (high - low > 1) {
        const int middle = low + (high - low)/2;
        if (s->time[middle] <= t)
            low = middle;
        else
            high = middle;
    }
    const double part = (t - s->time[low])/(s->time[high] - s->time[low]);
    return s->value[low] + part*(s->value[high] - s->value[low]);
}

/* The first sample of a signal after t, end when there is none before end. */
static double next_sample(const struct signal *s, double t, double end)
{
    for (int k = 0; k < s->n && s->time[k] < end; k++)
        if (s->time[k] > t)
            return s->time[k];
    return end;
}
{{end}}
{{- range .Helpers}}
{{.}}
{{- end}}
/* Sets d to the time derivative of the state at time t with parameters p. */
void rhs(double t, const double state[STATES], const struct parameters *p{{if .AnyInput}}, const struct inputs *u{{end}}, double d[STATES])
{
    (void)t, (void)state, (void)p; /* equations need not use them */
{{- range .States}}{{if .Used}}
    const double {{.Name}} = state[{{.Index}}];{{if .Renamed}} /* {{.Original}} */{{end}}
{{- end}}{{end}}
{{- range .Inputs}}
    const double {{.Name}} = interpolate(&u->{{.Name}}, t);
{{- if not .Used}}
    (void){{.Name}};
{{- end}}
{{- end}}
{{- range .Definitions}}
    {{wrap (printf "const double %s = %s;" .Name .Right) "        "}}{{if .Renamed}} /* {{.Original}} */{{end}}
{{- if not .Used}}
    (void){{.Name}};
{{- end}}
{{- end}}
{{- range .Derivatives}}
    {{wrap (printf "d[%d] = %s;" .Index .Right) "        "}} /* {{.Original}}' */
{{- end}}
}

/* Takes the state from t to t + h: classical Runge-Kutta, fourth order. */
static void rk4_step(double t, double h, double x[STATES], const struct parameters *p{{if .AnyInput}}, const struct inputs *u{{end}})
{
    double k1[STATES], k2[STATES], k3[STATES], k4[STATES], y[STATES];
    rhs(t, x, p{{if .AnyInput}}, u{{end}}, k1);
    for (int i = 0; i < STATES; i++)
        y[i] = x[i] + h/2*k1[i];
    rhs(t + h/2, y, p{{if .AnyInput}}, u{{end}}, k2);
    for (int i = 0; i < STATES; i++)
        y[i] = x[i] + h/2*k2[i];
    rhs(t + h/2, y, p{{if .AnyInput}}, u{{end}}, k3);
    for (int i = 0; i < STATES; i++)
        y[i] = x[i] + h*k3[i];
    rhs(t + h, y, p{{if .AnyInput}}, u{{end}}, k4);
    for (int i = 0; i < STATES; i++)
        x[i] += h/6*(k1[i] + 2*k2[i] + 2*k3[i] + k4[i]);
}

/* Takes the state from t to end in equal steps of at most STEP{{if .AnyInput}}; steps end
   where a signal bends, so that the method keeps its order{{end}}. */
static void advance(double t, double end, double x[STATES], const struct parameters *p{{if .AnyInput}}, const struct inputs *u{{end}})
{
{{- if .AnyInput}}
    while (t < end) {
        double stop = end;
{{- range .Inputs}}
        stop = next_sample(&u->{{.Name}}, t, stop);
{{- end}}
        const double n = ceil((stop - t)/STEP), h = (stop - t)/n;
        for (double k = 0; k < n; k++)
            rk4_step(t + k*h, h, x, p, u);
        t = stop;
    }
{{- else}}
    const double n = ceil((end - t)/STEP), h = (end - t)/n;
    for (double k = 0; k < n; k++)
        rk4_step(t + k*h, h, x, p);
{{- end}}
}

int main(int argc, char **argv)
{
    const double t_end = argc > 1 ? strtod(argv[1], NULL) : 100.0;
    const double dt = argc > 2 ? strtod(argv[2], NULL) : 0.01;
    if (argc > 3 || !(t_end > 0) || !(dt > 0)) {
        fprintf(stderr, "usage: %s [t_end [dt]]\n", argv[0]);
        return 2;
    }
    double x[STATES];
    for (int i = 0; i < STATES; i++)
        x[i] = x0[i];
    const double rows = floor(t_end/dt + 1e-9);
    printf("{{header .States}}\n");
    for (double row = 0; row <= rows; row++) {
        if (row > 0)
            advance((row - 1)*dt, row*dt, x, &parameters{{if .AnyInput}}, &inputs{{end}});
        printf("%.17g", row*dt);
        for (int i = 0; i < STATES; i++) {
            if (!isfinite(x[i])) {
                fprintf(stderr, "\nthe state is no longer finite at t = %g\n", row*dt);
                return 1;
            }
            printf(",%.17g", x[i]);
        }
        printf("\n");
    }
    return 0;
}
`
