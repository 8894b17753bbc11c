/* P(lower <= X <= upper) of a multivariate normal or t, on the log scale.
 *
 * Bounds that are infinite on both sides leave the problem first, known values (variance 0) next. What is left goes,
 * by the structure of its correlations, to
 *
 *     one variable                    the exact tails of distribution.h
 *     blocks that are independent     the product over blocks; for the t the blocks share one scale, which is
 *                                     integrated by Gauss-Legendre panels when no block needs the lattice
 *     one factor in a block           one integral over the factor by Gauss-Legendre panels; any number of variables
 *     anything else                   separation of variables (Genz 1992), rows reordered (Gibson, Glasbey & Elston
 *                                     1994), each variable shifted so that the largest weight is least (Botev 2017;
 *                                     for the t Botev & L'Ecuyer 2015), twelve random shifts of one lattice, doubled
 *                                     until they agree; the t's scale is one more coordinate (Genz & Bretz 2009)
 *
 * Singular covariances are welcome: a variable that others determine bounds them.
 */
#ifndef ATTAIN_RECTANGLE_H
#define ATTAIN_RECTANGLE_H

#include <stddef.h>
#include <stdint.h>

#include "attain/status.h"

/* Most variables with finite bounds that the lattice takes. */
#define ATT_RECTANGLE_MOST 250

typedef struct {
    size_t dimensions;
    const double *lower, *upper; /* (dimensions), lower <= upper, either may be infinite */
    const double *mean;          /* (dimensions) */
    const double *covariance;    /* (dimensions, dimensions); for the t its scale matrix */
    double df;                   /* >= 0.1; INFINITY: normal */
} att_rectangle;

typedef struct {
    uint64_t seed;         /* of the random shifts: equal seeds, equal bytes */
    double relative_error; /* standard error of the log at which doubling stops, positive */
    size_t max_points; /* doubling stops before it exceeds this; at least 3072 are used, at most 1572864 */
} att_rectangle_accuracy;

typedef struct {
    double log_probability;
    double log_standard_error; /* of log_probability over random shifts; 0 where no lattice was needed */
    size_t points;             /* of the lattice, shifts counted; 0 where none was needed */
} att_rectangle_result;

/* Without a lattice the probability is right to 1e-8 of itself (docs/accuracy.md); with it, within the standard error
 * that is written, which may be larger than asked for when max_points stops it. log_probability is -INFINITY when a
 * known value lies outside its bounds, or when bounds of a variable with variance are equal; and, with an infinite
 * standard error, when no point of the lattice fell inside.
 *
 * ATT_NOT_FINITE: a NaN, or an infinite mean or covariance. ATT_EMPTY_RECTANGLE: a lower bound above its upper one.
 * ATT_NOT_COVARIANCE: not symmetric to 1e-10 of the standard deviations, or not positive semidefinite to 1e-10 of the
 * variances; only the part with finite bounds is read. ATT_TOO_WIDE: more than ATT_RECTANGLE_MOST for the lattice.
 * ATT_BAD_ARGUMENT: NULL, df below 0.1, an accuracy out of its domain. ATT_NO_CONVERGENCE: an integral's panels ran
 * out. */
att_status att_rectangle_log_probability(const att_rectangle *rectangle,
                                         const att_rectangle_accuracy *accuracy,
                                         att_rectangle_result *result);

#endif
