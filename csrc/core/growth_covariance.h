/* The prior covariance of log changes, and the years ahead conditioned on the changes seen. */
#ifndef ATTAIN_CORE_GROWTH_COVARIANCE_H
#define ATTAIN_CORE_GROWTH_COVARIANCE_H

#include "growth_calendar.h"
#include "growth_point.h"

/* One point of the prior on one calendar. */
typedef struct {
    const growth_calendar *calendar; /* the caller's */
    double d, *sigma;                /* (span + 1) volatility of each year, of this d */
    double
        *path; /* (M, M), upper triangle: covariance of the growth from two nodes to the end of the horizon */
    double *noise; /* (M) variance of a published figure of that year around the truth */
    double drift;  /* variance of a drift that never fades; it is not in `path` */
} growth_kernel;

/* Room for the points of a prior, one after the other; free whatever the status, a zeroed object too. */
att_status growth_kernel_init(growth_kernel *kernel, const growth_calendar *calendar);
void growth_kernel_take(growth_kernel *kernel, const prior_point *point);
void growth_kernel_free(growth_kernel *kernel);

/* Have two points the same covariances? */
int growth_kernel_alike(const prior_point *a, const prior_point *b);

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
