/* The prior covariance of log changes, and the years ahead conditioned on the changes seen. */
#ifndef ATTAIN_CORE_GROWTH_COVARIANCE_H
#define ATTAIN_CORE_GROWTH_COVARIANCE_H

#include "growth_windows.h"

typedef struct {
    double drift;            /* variance of the long-run growth mu */
    double measurement;      /* variance of one published figure around the truth */
    const double *variogram; /* V(n), n = 0 .. span: variance of the true log change over n years, mu known */
} growth_kernel;

/* Years between the first window's start and the end of the horizon: the variogram needs span + 1 entries. */
size_t growth_span(const growth_windows *windows, size_t horizon);

/* V(n) = w n + v (n + 2 sum_{k<n} (n - k) phi^k), v = q / (1 - phi^2), for n = 0 .. span. */
void growth_variogram(double phi, double w, double q, size_t span, double *variogram);

/* Covariances in units of s2, looseness included: of the n changes (n, n), of which the lower triangle is
 * written, of them with the H years ahead (n, H), and of those (H, H). H may be 0. */
void growth_covariances(const growth_kernel *kernel, const growth_windows *windows, size_t horizon,
                        double *changes, double *cross, double *ahead);

/* The same of the errors that are known beforehand, in log units squared. */
void growth_error_covariances(const growth_windows *windows, size_t horizon, double *changes, double *cross,
                              double *ahead);

/* In place, from covariances C (n, n), X (n, H) and A (H, H): lower L of C = L L', gain L^-1 X, residual
 * A - gain' gain. Returns log det C, NaN when C is singular to working precision. */
double growth_solve(size_t changes, size_t horizon, double *lower, double *gain, double *residual);

/* Both: the years ahead given the changes, in units of s2, errors aside. */
double growth_condition(const growth_kernel *kernel, const growth_windows *windows, size_t horizon,
                        double *lower, double *gain, double *residual);

#endif
