/*
 * chua
 * T. Matsumoto, L. O. Chua and M. Komuro, The double scroll, IEEE Trans. Circuits Syst. 32 (1985)
 * 797-818, dimensionless form.
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

enum { STATES = 3 };

/* Largest step of the Runge-Kutta method
   (measured up to t = 11.1: small enough for 8 digits there). */
static const double STEP = 0.0001;

/* Initial state: x, y, z. */
static const double x0[STATES] = {0.1, 0.0, 0.0};

/* The constants of the equations. */
struct parameters {
    double alpha;
    double beta;
    double m0;
    double m1;
};

static const struct parameters parameters = {
    .alpha = 9.0,
    .beta = 14.285714285714286,
    .m0 = -1.1428571428571428,
    .m1 = -0.7142857142857143,
};

/* Sets d to the time derivative of the state at time t with parameters p. */
void rhs(double t, const double state[STATES], const struct parameters *p, double d[STATES])
{
    (void)t, (void)state, (void)p; /* equations need not use them */
    const double x = state[0];
    const double y = state[1];
    const double z = state[2];
    const double g = p->m1*x + (p->m0 - p->m1)/2.0*(fabs(x + 1.0) - fabs(x - 1.0));
    d[0] = p->alpha*(y - x - g); /* x' */
    d[1] = x - y + z; /* y' */
    d[2] = -p->beta*y; /* z' */
}

/* Takes the state from t to t + h: classical Runge-Kutta, fourth order. */
static void rk4_step(double t, double h, double x[STATES], const struct parameters *p)
{
    double k1[STATES], k2[STATES], k3[STATES], k4[STATES], y[STATES];
    rhs(t, x, p, k1);
    for (int i = 0; i < STATES; i++)
        y[i] = x[i] + h/2*k1[i];
    rhs(t + h/2, y, p, k2);
    for (int i = 0; i < STATES; i++)
        y[i] = x[i] + h/2*k2[i];
    rhs(t + h/2, y, p, k3);
    for (int i = 0; i < STATES; i++)
        y[i] = x[i] + h*k3[i];
    rhs(t + h, y, p, k4);
    for (int i = 0; i < STATES; i++)
        x[i] += h/6*(k1[i] + 2*k2[i] + 2*k3[i] + k4[i]);
}

/* Takes the state from t to end in equal steps of at most STEP. */
static void advance(double t, double end, double x[STATES], const struct parameters *p)
{
    const double n = ceil((end - t)/STEP), h = (end - t)/n;
    for (double k = 0; k < n; k++)
        rk4_step(t + k*h, h, x, p);
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
    printf("t,x,y,z\n");
    for (double row = 0; row <= rows; row++) {
        if (row > 0)
            advance((row - 1)*dt, row*dt, x, &parameters);
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
