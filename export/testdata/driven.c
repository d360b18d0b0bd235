/*
 * driven * / resonator
 * a test, with # a comment's end * / and a trailing \
 * t is in ms.
 *
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

enum { STATES = 5 };

static const double pi = 3.14159265358979323846;

/* Largest step of the Runge-Kutta method
   (measured up to t = 11.1: small enough for 8 digits there). */
static const double STEP = 0.005;

/* Initial state: lambda, in, etau0304, y1, d_. */
static const double x0[STATES] = {0.5, 0.1, -0.2, 1.0, 0.3};

/* The constants of the equations. */
struct parameters {
    double double_; /* double */
    double omega; /* ω */
    double gamma;
    double p_; /* p */
    double float_; /* float */
    double NAN_; /* NAN */
    double v_low; /* _low */
};

static const struct parameters parameters = {
    .double_ = 0.3,
    .omega = 2.0,
    .gamma = 0.1,
    .p_ = 1.5,
    .float_ = 0.25,
    .NAN_ = 0.5,
    .v_low = -0.75,
};

/* A signal is linear between its n samples and constant outside; its times
   increase. */
struct signal {
    int n;
    const double *time, *value;
};

/* The signals that drive the model. */
struct inputs {
    struct signal I;
    struct signal for_; /* for */
};

/* Put your own samples here: their number, times and values. */
static const struct inputs inputs = {
    .I = {1, (const double[]){0.0}, (const double[]){0.0}},
    .for_ = {1, (const double[]){0.0}, (const double[]){0.0}},
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

static double logistic(double x) { return 1/(1 + exp(-x)); }

/* unlike fmax, it is no number when one of them is none */
static double maximum(double a, double b) { return a > b || isnan(a) ? a : b; }

/* the floored remainder: it has the sign of b */
static double mod(double a, double b) { return a - b*floor(a/b); }

/* Sets d to the time derivative of the state at time t with parameters p. */
void rhs(double t, const double state[STATES], const struct parameters *p, const struct inputs *u, double d[STATES])
{
    (void)t, (void)state, (void)p; /* equations need not use them */
    const double lambda = state[0];
    const double in = state[1];
    const double etau0304 = state[2]; /* η̄ */
    const double y1 = state[3];
    const double d_ = state[4]; /* d */
    const double I = interpolate(&u->I, t);
    const double for_ = interpolate(&u->for_, t);
    const double state_ = sin(pi*t/7.0); /* state */
    const double unix_ = -0.25*maximum(y1, lambda); /* unix */
    d[0] = in; /* lambda' */
    d[1] = -p->omega*p->omega*lambda - p->gamma*in*fabs(in) + p->double_*I + p->p_*state_; /* in' */
    d[2] = -pow(etau0304 - tanh(lambda), 3)/p->float_ - pow(1.0 + etau0304*etau0304,
        -2)*p->NAN_*(etau0304 < p->v_low ? 0.0 : 1.0)*1e-6; /* η̄' */
    d[3] = -0.5*y1 + logistic(4.0*for_) - t*0.001; /* y1' */
    d[4] = sin(mod(lambda + in, 2.0*pi))*0.01 + 2.0/3.0*I - pow(fabs(d_), 1.5)*0.1 + unix_; /* d' */
}

/* Takes the state from t to t + h: classical Runge-Kutta, fourth order. */
static void rk4_step(double t, double h, double x[STATES], const struct parameters *p, const struct inputs *u)
{
    double k1[STATES], k2[STATES], k3[STATES], k4[STATES], y[STATES];
    rhs(t, x, p, u, k1);
    for (int i = 0; i < STATES; i++)
        y[i] = x[i] + h/2*k1[i];
    rhs(t + h/2, y, p, u, k2);
    for (int i = 0; i < STATES; i++)
        y[i] = x[i] + h/2*k2[i];
    rhs(t + h/2, y, p, u, k3);
    for (int i = 0; i < STATES; i++)
        y[i] = x[i] + h*k3[i];
    rhs(t + h, y, p, u, k4);
    for (int i = 0; i < STATES; i++)
        x[i] += h/6*(k1[i] + 2*k2[i] + 2*k3[i] + k4[i]);
}

/* Takes the state from t to end in equal steps of at most STEP; steps end
   where a signal bends, so that the method keeps its order. */
static void advance(double t, double end, double x[STATES], const struct parameters *p, const struct inputs *u)
{
    while (t < end) {
        double stop = end;
        stop = next_sample(&u->I, t, stop);
        stop = next_sample(&u->for_, t, stop);
        const double n = ceil((stop - t)/STEP), h = (stop - t)/n;
        for (double k = 0; k < n; k++)
            rk4_step(t + k*h, h, x, p, u);
        t = stop;
    }
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
    printf("t,lambda,in,η̄,y1,d\n");
    for (double row = 0; row <= rows; row++) {
        if (row > 0)
            advance((row - 1)*dt, row*dt, x, &parameters, &inputs);
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
