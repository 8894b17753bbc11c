/* The one thing that leaves a model: a mixture of multivariate t (or normal) components over the horizon.
 *
 *     X | component k  =  location_k + T,   T ~ t, df_k degrees of freedom, scale matrix S_k,
 *     component k with probability weight_k.
 *
 * X is the log level (or another transformed figure) in each year of the horizon. All arrays are C-contiguous
 * and belong to the caller. A linear functional row'X is again a mixture, of one dimension: a margin.
 *
 * Every function checks what it reads: ATT_NOT_FINITE for NaN and misplaced infinities, ATT_BAD_ARGUMENT for
 * NULL, no components, a negative weight, weights that miss the sum 1 by more than 1e-9 (smaller
 * misses are divided out), df below 0.1, a negative scale. Results are then not to be used.
 */
#ifndef ATTAIN_MIXTURE_H
#define ATTAIN_MIXTURE_H

#include <stddef.h>

#include "attain/distribution.h"
#include "attain/status.h"

typedef struct {
    size_t components;
    size_t horizon;
    const double *weight;   /* (components), not negative, sum 1; one of 0 counts for nothing */
    const double *df;       /* (components), INFINITY: normal */
    const double *location; /* (components, horizon) */
    const double *scale;    /* (components, horizon, horizon), scale matrices, units of X squared */
} att_mixture;

typedef struct {
    size_t components;
    const double *weight;
    const double *df;
    const double *location; /* (components) */
    const double *scale;    /* (components), units of X; 0: the value is known */
} att_margin;

/* The margin row'X: writes location (components) and scale (components), the square roots of row' S_k row;
 * row has `horizon` entries. A variance below 1e-13 of the terms it is a sum of, their sizes added, is
 * rounding, and becomes 0; one as far below zero is ATT_BAD_ARGUMENT. Not checked: that the scale matrices
 * are symmetric. */
att_status att_mixture_margin(const att_mixture *mixture, const double *row, double *location, double *scale);

/* X given row_c'X = value_c for c < conditions: again a mixture of as many components, written to weight and df
 * (components), location (components, horizon) and scale (components, horizon, horizon). One condition
 * after the other, with g = S row, v = row' S row, e = value - row'location, d^2 = e^2 / v in each component:
 *
 *     weight  x  density of row'X at value,        location + g e / v,
 *     df + 1,                                      (df + d^2) / (df + 1)  x  (S - g g' / v)
 *
 * (Kotz & Nadarajah 2004, Multivariate t Distributions, 1.11; the normal is the limit). What the conditions fix has scale 0.
 * row (conditions, horizon), value (conditions). scratch: `horizon` doubles. Weights are divided out to sum 1; one that
 * underflows is 0. The outputs must not overlap the input.
 *
 * ATT_DEGENERATE: a component leaves row'X no variance (as above), because conditions repeat or contradict each other, or
 * fix what is known. ATT_NO_PRECISION: no component has a density there. */
att_status att_mixture_condition(const att_mixture *mixture, size_t conditions, const double *row,
                                 const double *value, double *weight, double *df, double *location,
                                 double *scale, double *scratch);

/* log P(X <= x) or log P(X >= x), right to 1e-12 of its own size; x may be infinite. -INFINITY is exact:
 * every component is known to lie on the other side (or is a normal more than 1e154 scales away). */
att_status att_margin_log_tail(const att_margin *margin, double x, att_side side, double *log_probability);

/* log P(lower <= X <= upper), lower <= upper, either may be infinite. Right to 1e-12 of its own size or of
 * 1, whichever is larger, however narrow or far out the interval is; ends that are equal leave only a
 * known value. */
att_status att_margin_log_interval(const att_margin *margin, double lower, double upper,
                                   double *log_probability);

/* The smallest x with P(X <= x) >= p, 0 < p < 1, which is the x with P(X <= x) = p unless p falls on a known
 * value. Right to 1e-12 of the log of its smaller tail, or to the doubles next to x; +-INFINITY when x lies
 * beyond the doubles. ATT_NO_CONVERGENCE when the search fails. */
att_status att_margin_quantile(const att_margin *margin, double p, double *x);

#endif
