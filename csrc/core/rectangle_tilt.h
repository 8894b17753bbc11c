/* The shifts of a separation that make the worst weight smallest (Botev 2017, section 3).
 *
 * With d = shift, x the variables and P_v the mass of variable v's interval about its shift, the log weight is
 *
 *     psi(x, d) = sum_v d_v^2 / 2 - x_v d_v + log P_v(x, d),
 *
 * convex in d and concave in x; at its saddle the largest weight is smallest, and psi bounds the log probability.
 */
#ifndef ATTAIN_CORE_RECTANGLE_TILT_H
#define ATTAIN_CORE_RECTANGLE_TILT_H

#include "rectangle_order.h"

typedef struct {
    const separation *bounds;
    double ratio;
    size_t free;               /* variables - 1 */
    double psi;                /* at (x, d) as evaluated last */
    double *x, *d;             /* (variables), the last 0; d are the shifts */
    double *mean, *variance;   /* (variables), of the cut normals */
    double *slope_x, *slope_d; /* (free) */
    double *step_x, *step_d;   /* (free) */
    double *trial_x, *trial_d; /* (variables) */
    double *cross, *form;      /* (free, free): B, what is left of the Hessian */
} tilt_work;

/* ATT_NO_MEMORY or ATT_OK. */
att_status rectangle_tilt_open(const separation *bounds, tilt_work *work);
void rectangle_tilt_free(tilt_work *work);

/* Finds the saddle for bounds times `ratio`, starting from the last one found; 0 when Newton's method does not come to
 * it. Rows beyond the first of a variable are not looked at. Writes psi there, or, without a saddle, about log P: each
 * variable's mass given those before it at their conditional means. */
int rectangle_tilt(tilt_work *work, double ratio, double *psi);

#endif
