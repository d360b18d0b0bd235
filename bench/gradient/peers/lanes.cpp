// The design benchmark in C++, lanes side by side, for a compiler with
// -O3 -march=native -ffast-math: Rössler with gain and a tanh network 3-16-16-2,
// 64 segments of 50 RK4 steps, exact discrete adjoint. Prints milliseconds a
// gradient (CPU time, the least of several batches) and the gradient's norm.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#ifndef LANES
#define LANES 32
#endif
constexpr int L = LANES, SEGMENTS = 64, STEPS = 50, H = 16;
constexpr int B1 = 3 * H, W2 = B1 + H, B2 = W2 + H * H, W3 = B2 + H, B3 = W3 + 2 * H, WEIGHTS = B3 + 2;
constexpr double K = 0.5, STEP = 0.02, A = 0.2;
constexpr double SHIFT[3] = {0, 0, 1}, SCALE[3] = {5, 5, 3}, OFFSET[2] = {0, 0.2}, GAIN[2] = {2, 3};

typedef double Row[L] __attribute__((aligned(64)));

struct Stage { Row x[3], u[3], h1[H], h2[H]; };

static double w[WEIGHTS], gradient[WEIGHTS + 1];
static Stage tape_[STEPS][4];
static Row xd[2], slope[2];

static inline double tanh_of(double a) {
#ifdef OWN_TANH
    return 1 - 2 / (std::exp(2 * a) + 1);
#else
    return std::tanh(a);
#endif
}

template <int OUT, int IN> static inline void affine(Row *__restrict y, const double *W, const double *b, const Row *__restrict x) {
    for (int o = 0; o < OUT; o++) {
        Row s;
        for (int l = 0; l < L; l++) s[l] = b[o];
        for (int i = 0; i < IN; i++)
            for (int l = 0; l < L; l++) s[l] += W[o * IN + i] * x[i][l];
        for (int l = 0; l < L; l++) y[o][l] = s[l];
    }
}

// δ below = Wᵀδ, and the weights' gradient.
template <int OUT, int IN> static inline void back(Row *__restrict below, const double *W, double *gW, double *gb, const Row *__restrict d, const Row *__restrict x) {
    for (int o = 0; o < OUT; o++) {
        double s = 0;
        for (int l = 0; l < L; l++) s += d[o][l];
        gb[o] += s;
        for (int i = 0; i < IN; i++) {
            double t = 0;
            for (int l = 0; l < L; l++) t += d[o][l] * x[i][l];
            gW[o * IN + i] += t;
        }
    }
    for (int i = 0; i < IN; i++) {
        Row s = {};
        for (int o = 0; o < OUT; o++)
            for (int l = 0; l < L; l++) s[l] += W[o * IN + i] * d[o][l];
        for (int l = 0; l < L; l++) below[i][l] = s[l];
    }
}

static void value(Stage &s, double t, Row *__restrict k) {
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < L; l++) s.u[i][l] = (s.x[i][l] - SHIFT[i]) / SCALE[i];
    affine<H, 3>(s.h1, w, w + B1, s.u);
    for (int i = 0; i < H; i++)
        for (int l = 0; l < L; l++) s.h1[i][l] = tanh_of(s.h1[i][l]);
    affine<H, H>(s.h2, w + W2, w + B2, s.h1);
    for (int i = 0; i < H; i++)
        for (int l = 0; l < L; l++) s.h2[i][l] = tanh_of(s.h2[i][l]);
    Row f[2];
    affine<2, H>(f, w + W3, w + B3, s.h2);
    for (int l = 0; l < L; l++) {
        double x = s.x[0][l], y = s.x[1][l], z = s.x[2][l];
        k[0][l] = -y - z + K * (xd[0][l] + t * slope[0][l] - x);
        k[1][l] = OFFSET[0] + GAIN[0] * f[0][l] + A * y;
        k[2][l] = OFFSET[1] + GAIN[1] * f[1][l] + K * (xd[1][l] + t * slope[1][l] - z);
    }
}

// mu = (∂f/∂x)ᵀ·bar at the stage, and the gradient's share.
static void reverse(const Stage &s, const Row *__restrict bar, Row *__restrict mu) {
    Row d[H], e[H];
    double a = 0;
    for (int l = 0; l < L; l++) {
        d[0][l] = GAIN[0] * bar[1][l];
        d[1][l] = GAIN[1] * bar[2][l];
        a += bar[1][l] * s.x[1][l];
    }
    gradient[WEIGHTS] += a;
    back<2, H>(e, w + W3, gradient + W3, gradient + B3, d, s.h2);
    for (int i = 0; i < H; i++)
        for (int l = 0; l < L; l++) e[i][l] *= 1 - s.h2[i][l] * s.h2[i][l];
    back<H, H>(d, w + W2, gradient + W2, gradient + B2, e, s.h1);
    for (int i = 0; i < H; i++)
        for (int l = 0; l < L; l++) d[i][l] *= 1 - s.h1[i][l] * s.h1[i][l];
    back<H, 3>(e, w, gradient, gradient + B1, d, s.u);
    for (int l = 0; l < L; l++) {
        mu[0][l] = e[0][l] / SCALE[0] - K * bar[0][l];
        mu[1][l] = e[1][l] / SCALE[1] - bar[0][l] + A * bar[1][l];
        mu[2][l] = e[2][l] / SCALE[2] - bar[0][l] - K * bar[2][l];
    }
}

static void block(int first) {
    const double node[4] = {0, .5, .5, 1}, weight[4] = {1. / 6, 1. / 3, 1. / 3, 1. / 6};
    Row x[3], k[4][3], bar[3], lambda[3], mu[3];
    for (int l = 0; l < L; l++) {
        int g = first + l;
        x[0][l] = 1 + 0.01 * g, x[1][l] = 2, x[2][l] = 0.5;
        xd[0][l] = std::sin(g), xd[1][l] = 0.5 + 0.01 * g, slope[0][l] = -1, slope[1][l] = 0.1;
    }
    for (int n = 0; n < STEPS; n++) {
        double t = n * STEP;
        for (int s = 0; s < 4; s++) {
            Stage &g = tape_[n][s];
            for (int i = 0; i < 3; i++)
                for (int l = 0; l < L; l++) g.x[i][l] = s == 0 ? x[i][l] : x[i][l] + node[s] * STEP * k[s - 1][i][l];
            value(g, t + node[s] * STEP, k[s]);
        }
        for (int i = 0; i < 3; i++)
            for (int l = 0; l < L; l++)
                x[i][l] += STEP * (weight[0] * k[0][i][l] + weight[1] * k[1][i][l] + weight[2] * k[2][i][l] + weight[3] * k[3][i][l]);
    }
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < L; l++) lambda[i][l] = x[i][l];
    for (int n = STEPS - 1; n >= 0; n--) {
        Row sum[3] = {};
        for (int s = 3; s >= 0; s--) {
            for (int i = 0; i < 3; i++)
                for (int l = 0; l < L; l++)
                    bar[i][l] = STEP * (weight[s] * lambda[i][l] + (s < 3 ? node[s + 1] * mu[i][l] : 0));
            reverse(tape_[n][s], bar, mu);
            for (int i = 0; i < 3; i++)
                for (int l = 0; l < L; l++) sum[i][l] += mu[i][l];
        }
        for (int i = 0; i < 3; i++)
            for (int l = 0; l < L; l++) lambda[i][l] += sum[i][l];
    }
}

static void whole() {
    std::fill(gradient, gradient + WEIGHTS + 1, 0.0);
    for (int first = 0; first < SEGMENTS; first += L) block(first);
}

int main(int argc, char **argv) {
    int batches = argc > 1 ? atoi(argv[1]) : 10, size = 20;
    for (int j = 0; j < WEIGHTS; j++) w[j] = 0.3 * std::sin(j + 1.0);
    whole();
    double best = 1e300;
    for (int b = 0; b < batches; b++) {
        clock_t start = clock();
        for (int k = 0; k < size; k++) whole();
        best = std::min(best, 1e3 * double(clock() - start) / CLOCKS_PER_SEC / size);
    }
    double norm = 0;
    for (double g : gradient) norm += g * g;
    printf("%.6f %.15g\n", best, std::sqrt(norm));
}
