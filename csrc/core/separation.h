/* Which share of the normals that a lattice point stands for lies in the rectangle? A block of points at a time.
 *
 * The variables are x = y, standard normal and independent, in an order in which each row of the rectangle bounds
 * the last variable that it loads on, given those before it (Genz 1992, eq. 3):
 *
 *     lower_r ratio <= y_v + sum_{j < v} load_rj y_j <= upper_r ratio      for the rows r of variable v,
 *
 * the interval of v being the intersection over its rows. ratio is 1 for the normal, and varies from point to
 * point for the t. Variable v is drawn from the normal about shift_v + slope_v ratio, cut to its interval; the log weight of
 * a point is the sum of the logs of what was cut, and of the ratios of densities (Botev 2017, eq. 5).
 *
 * The same C is built for several instruction sets; without fused operations all give the same bytes.
 */
#ifndef ATTAIN_CORE_SEPARATION_H
#define ATTAIN_CORE_SEPARATION_H

#include <stddef.h>
#include <stdint.h>

#define LANES 16

/* What a weight of zero has for a logarithm: small, finite, and not added up to a NaN. */
#define LOG_NOTHING (-1e300)

typedef enum {
    SEPARATION_LOWER,  /* one row, no upper bound */
    SEPARATION_BOTH,   /* any rows, bounds infinite or not */
    SEPARATION_NARROW, /* one row, so narrow that y is drawn evenly and weighted by the density */
} separation_kind;

typedef struct {
    size_t variables;
    const size_t *first;         /* (variables + 1), rows of variable v: first[v] .. first[v + 1] - 1 */
    const double *load;          /* (rows, variables) */
    const double *lower, *upper; /* (rows) */
    const separation_kind *kind; /* (variables) */
    const double *shift, *slope; /* (variables) */
} separation;

typedef struct {
    const double *place;  /* (LANES), the points' places in the sequence */
    const double *vector; /* (variables - 1), the generating vector */
    const double *shift;  /* (variables - 1), the random shift */
    const double *ratio;  /* (LANES) */
} separation_points;

/* Loads and bounds of rows that differ from point to point. */
typedef struct {
    const double *load;          /* (rows, variables, LANES) */
    const double *lower, *upper; /* (rows, LANES) */
} lane_rows;

/* A sum of exponentials, exp(peak) * sum. */
typedef struct {
    double peak, sum;
} separation_sum;

/* Rows that are independent given one factor: load_r f + spread_r e_r in [lower_r, upper_r], spread_r > 0. */
typedef struct {
    size_t rows;
    const double *load, *inverse_spread, *lower, *upper; /* (rows) */
} factor_rows;

/* Components that are independent given the variables x of an integral: component k has probability
 *
 *     P(lower_kr <= e + ... <= upper_kr for all rows r),   lower_kr ratio <= direction_kr' x + e / inverse_spread_kr. */
typedef struct {
    size_t components, rows, variables;
    const size_t *variable;       /* (variables), the places of those x that matter */
    const double *direction;      /* (components, rows, variables) */
    const double *inverse_spread; /* (components, rows), positive */
    const double *lower, *upper;  /* (components, rows) */
    const double *weight;         /* (components) */
    int lower_only;               /* one row, no upper bounds */
} component_rows;

/* Sums of exponentials lane by lane, exp(peak) * sum. */
typedef struct {
    double peak[LANES], sum[LANES];
} lane_sums;

/* Sources gathered in bins: those at centre + d_k of weight w_k add up to, with x = u - centre,
 *
 *     sum_k w_k Phi(x - d_k) = m_0 Phi(x) - phi(x) sum_{p >= 1} m_p He_{p-1}(x),     m_p = sum_k w_k d_k^p / p!,
 *
 * the Taylor series of Phi in d. So many terms leave less than 1e-13 for x above -7 (it is 0.4^12 / 12!). */
#define BIN_WIDTH 0.125
#define BIN_TERMS 12

typedef struct {
    /* Adds the log weights of a block of points to log_weight (LANES); y is scratch (variables, LANES). */
    void (*weigh)(const separation *s, const separation_points *p, double *y, double *log_weight);
    /* The same with rows of each point's own in the place of those of s; no variable is SEPARATION_NARROW. */
    void (*weigh_lanes)(const separation *s, const lane_rows *rows, const separation_points *p, double *y,
                        double *log_weight);
    /* Adds exp(log_weight) of a block to a sum. */
    void (*add)(const double *log_weight, separation_sum *total);
    /* Writes log P(all rows | f), their bounds times ratio, at a block of places f (LANES). */
    void (*given_factor)(const factor_rows *rows, double ratio, const double *f, double *log_probability);
    /* Adds exp(log_weight) times the weighted sum over components, their bounds times ratio, at a block of places x (..., LANES). */
    void (*add_components)(const component_rows *rows, double ratio, double log_weight, const double *x,
                           lane_sums *total);
    /* Adds `bins` neighbouring bins, the first about `centre`, to sum (LANES) at u (LANES); moment (bins, BIN_TERMS). */
    void (*add_bins)(const double *moment, size_t bins, double centre, const double *u, double *sum);
    /* Adds weight times Phi(slope x - place), over places (places), to sum (LANES) at x (LANES). */
    void (*add_places)(size_t places, const double *place, const double *slope, const double *weight,
                       const double *x, double *sum);
} separation_kernel;

extern const separation_kernel separation_plain, separation_avx2, separation_avx512;

#endif
