/* P(all bounds) when a bound may join several mixtures, or their correlations have no common factors: separation of
 * variables over draws of components, on the log scale.
 *
 * The model is that of joint.h: component k of indicator i has the path  m + s L z_i,  L the reverse-time Cholesky factor of
 * its scale matrix over the years that any bound names, s the scale of its t; components and scales are independent
 * across indicators. What differs is that the standard normals z_it of one year have any correlation matrix R (those of
 * different years are independent). R = loadings loadings' + what is left on the diagonal gives what joint.h gives.
 *
 * Each indicator has one table of components and nodes of their scales, sorted by how far they are from the most likely
 * way to attain, of which one coordinate of a lattice draws a row; given the rows drawn, the bounds are a rectangle of
 * correlated normals, weighed as in rectangle.h (Genz 1992) in one order and with one shift for all draws (Botev 2017).
 * Where P is below 0.03 the tables are drawn from q ~ w P(attaining)^alpha, alpha by cross entropy (Rubinstein & Kroese
 * 2004) from the attaining draws of three pilots. Bounds that others determine, such as that on a share
 * beside those on both its levels, bound the last normal that they load on.
 */
#ifndef ATTAIN_SOV_H
#define ATTAIN_SOV_H

#include <stddef.h>
#include <stdint.h>

#include "attain/joint.h"

/* Largest number of indicators that bounds name; of bounds it is ATT_JOINT_MOST_BOUNDS, of years that they name
 * ATT_JOINT_MOST_DIMENSIONS. */
#define ATT_SOV_MOST_INDICATORS 64

typedef struct {
    att_mixture mixture;
    int32_t first_year; /* of the mixture's horizon, on the calendar of all indicators */
} att_sov_indicator;

/* Bounds lower <= sum over indicators of row'X <= upper. */
typedef struct {
    size_t indicators, bounds;
    const att_sov_indicator *indicator; /* (indicators) */
    const double *correlation;          /* (indicators, indicators), ones on the diagonal */
    const double *row;           /* (bounds, sum of horizons), the years of one indicator after the other's */
    const double *lower, *upper; /* (bounds), lower <= upper, either may be infinite */
} att_sov;

typedef struct {
    double log_probability;
    double
        log_error; /* of log_probability, a standard deviation: from twelve random shifts, widened as their t */
    double effective; /* points of equal weight that would be worth as much: (sum w)^2 / sum w^2 */
    size_t points;    /* of the lattice, shifts counted; 0 where none was needed */
} att_sov_result;

/* log P of all bounds. Scales are integrated to 1e-6 of P. The standard error may be larger than asked for when
 * max_points stops the doubling. -INFINITY when bounds contradict each other, or a known value lies outside its own; and, with
 * an infinite error, when no point of the lattice fell inside.
 *
 * Statuses of att_mixture_margin for a mixture that a bound names, and ATT_NOT_FINITE: a NaN. ATT_EMPTY_RECTANGLE: a lower
 * bound above its upper one. ATT_NOT_COVARIANCE: correlations that are not symmetric with ones on the diagonal to
 * 1e-10, or not positive semidefinite to 1e-10; singular ones are welcome. ATT_BAD_ARGUMENT: NULL, no indicators, an accuracy
 * out of its domain. ATT_TOO_MANY: more than the limits above. */
att_status att_sov_log_probability(const att_sov *sov, const att_rectangle_accuracy *accuracy,
                                   att_sov_result *result);

#endif
