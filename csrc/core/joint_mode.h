/* Where is the integrand of a joint probability largest, and how wide is it there? */
#ifndef ATTAIN_CORE_JOINT_MODE_H
#define ATTAIN_CORE_JOINT_MODE_H

#include "joint_given.h"

/* log of phi(x) prod_i M_i(x) for one set of variables. */
typedef struct {
    const joint_part *part;
    size_t parts, variables;
    const separation_kernel *kernel;
    int refinement;
    size_t points; /* evaluated so far */
} joint_integrand;

/* At the places x (variables, LANES). */
void joint_integrand_at(joint_integrand *g, const double *x, given_log *out);

/* Climbs to the mode by Newton's method with differences over a quarter; writes mode (n) and the Cholesky factor (n, n)
 * of the inverse of minus the second derivatives, none of whose variances is below 0.05 or above 1. */
att_status joint_mode(joint_integrand *g, double *mode, double *factor);

#endif
