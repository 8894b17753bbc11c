/* P(all bounds) on several mixtures that share common factors, on the log scale.
 *
 * Component k of indicator i has the path  m + s L z_i,  L the reverse-time Cholesky factor of its scale matrix over the
 * years that any bound names (the last year rests on one coordinate), s the scale of its t, and in each of those years
 *
 *     z_i = sum_p loading_ip f_p + sqrt(1 - sum_p loading_ip^2) e_i,      f, e standard normal, independent
 *                                                                        over indicators, factors and years.
 *
 * Components and scales are independent across indicators: an approximation. Margins are exact whatever the loadings;
 * equal normal components give exactly R (x) S with R_ij = sum_p loading_ip loading_jp.
 *
 * Given f, indicators are independent, and each is a sum over components and an integral over the scale, both done
 * without sampling: M_i(f) = sum_k weight_k integral P(all bounds of i | f, k, s) p(s) ds. What is left,
 * the integral of phi(f) prod_i M_i(f), goes by its dimension to
 *
 *     none          one evaluation: indicators without common factor, one functional each
 *     one           the trapezoidal rule, which for such integrands converges exponentially (Trefethen & Weideman 2014,
 *                   theorem 5.1): all bounds in one year, one factor. With the square of the step for one indicator with
 *                   bounds on several functionals
 *     two or more   a randomly shifted lattice, drawn around the mode of the integrand. Factors count once for each
 *                   year; an indicator with bounds on several functionals adds one dimension for each of its years but
 *                   the last, over which it is integrated exactly.
 */
#ifndef ATTAIN_JOINT_H
#define ATTAIN_JOINT_H

#include <stddef.h>
#include <stdint.h>

#include "attain/mixture.h"
#include "attain/rectangle.h"

/* Most bounds, most whose subsets are told apart, most dimensions of the integral and years that bounds name. */
#define ATT_JOINT_MOST_BOUNDS 64
#define ATT_JOINT_MOST_SUBSETS 16
#define ATT_JOINT_MOST_DIMENSIONS 40

/* Largest sum of squared loadings: what an indicator keeps for itself is integrated, and must not vanish. */
#define ATT_JOINT_MOST_COMMON 0.9801

/* Bounds lower <= row'X <= upper on one mixture. */
typedef struct {
    att_mixture mixture;
    int32_t first_year;    /* of the mixture's horizon, on the calendar of all indicators */
    const double *loading; /* (factors) */
    size_t bounds;
    const double *row;           /* (bounds, horizon) */
    const double *lower, *upper; /* (bounds), lower <= upper, either may be infinite */
} att_joint_indicator;

typedef struct {
    size_t indicators, factors;
    const att_joint_indicator *indicator; /* (indicators) */
} att_joint;

typedef struct {
    double log_probability;
    double log_error; /* of log_probability; of the lattice a standard error over its shifts */
    size_t points;    /* at which the integrand was evaluated */
} att_joint_result;

/* log P of all bounds. Up to one dimension steps are halved until the error, estimated from two coarser rules, is below
 * that asked for, and below 1e-6 where convergence is exponential. There it was not found below the actual error, with steps
 * that start as fine as the loadings ask; with several functionals of one indicator 3 times in 40, by a factor of up to 1.8
 * (docs/accuracy.md). -INFINITY when components known for certain lie outside.
 *
 * Statuses of att_mixture_margin for a mixture, and ATT_NOT_FINITE: a NaN. ATT_EMPTY_RECTANGLE: a lower bound above its upper one.
 * ATT_BAD_ARGUMENT: NULL, no indicators, loadings beyond ATT_JOINT_MOST_COMMON, an accuracy out of its domain.
 * ATT_TOO_MANY: more than the first or the last of the limits above. */
att_status att_joint_log_probability(const att_joint *joint, const att_rectangle_accuracy *accuracy,
                                     att_joint_result *result);

/* The same to the last bit, for many problems that have indicators in common: what was computed of an indicator is
 * remembered under the key (indicators) that the caller gives it, and used again where the integral has one variable at most
 * and each indicator bounds on one functional. Indicators of one key must be equal in mixture, loading and bounds, which is
 * not checked. A memo serves one thread at a time, and holds some `most` indicators, at least those of one problem. */
typedef struct att_joint_memo att_joint_memo;
att_joint_memo *att_joint_memo_new(size_t most); /* NULL: out of memory */
void att_joint_memo_free(att_joint_memo *memo);  /* NULL is allowed */
att_status att_joint_log_probability_again(const att_joint *joint, const uint64_t *key, att_joint_memo *memo,
                                           const att_rectangle_accuracy *accuracy, att_joint_result *result);

/* The same for every subset of the bounds: result (2^B), B <= ATT_JOINT_MOST_SUBSETS the bounds of all indicators in
 * their order; bit b of an index says that bound b is among them. Up to one dimension all come from one table
 * of M_i(f); with more, each has its own integral. ATT_TOO_MANY for more bounds. */
att_status att_joint_subsets(const att_joint *joint, const att_rectangle_accuracy *accuracy,
                             att_joint_result *result);

#endif
