/* Few scales in the place of many: a Gauss rule for r, the scale of a t, where the trapezoidal rule over log r (chi_scale.h)
 * takes tens of nodes.
 *
 * The rule of n nodes is right for polynomials in r of degree 2n - 1, and for f(r) = Phi(u - place r) it errs by
 * f^(2n) / (2n)! somewhere, times the squared norm of the n-th monic orthogonal polynomial (Gautschi 2004, eq. 1.4.14);
 * with |He_m(x) phi(x)| <= 0.4335 sqrt(m!) (Abramowitz & Stegun 22.14.17) that is a bound for all u at once. */
#ifndef ATTAIN_CORE_SCALE_RULE_H
#define ATTAIN_CORE_SCALE_RULE_H

#include <stddef.h>

#include "attain/status.h"

#define SCALE_RULE_NODES 32
#define SCALE_RULE_ERROR 1e-23 /* absolute, rounding apart: nothing beside probabilities from 1e-10 on */

typedef struct {
    size_t nodes;
    double reach; /* the largest |place| for which the bound is below SCALE_RULE_ERROR */
    double ratio[SCALE_RULE_NODES], weight[SCALE_RULE_NODES]; /* of sum 1 */
} scale_rule;

/* The shortest rule that reaches the place `farthest`, or the longest one, for a t of finite df; made from the trapezoidal rule
 * of step `step` in log r. ATT_NO_MEMORY, ATT_NO_CONVERGENCE or ATT_OK. */
att_status scale_rule_fill(double df, double step, double farthest, scale_rule *rule);

#endif
