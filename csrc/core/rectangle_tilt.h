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

/* Writes the shifts (variables) for bounds times `ratio`; *found tells whether Newton's method came to the saddle. Any
 * shifts give the right probability. Rows beyond the first of a variable are not looked at. ATT_NO_MEMORY, or
 * ATT_OK. */
att_status rectangle_tilt(const separation *bounds, double ratio, double *shift, int *found);

/* About log P, for bounds times `ratio`: each variable's mass given those before it at their conditional means.
 * mean (variables) is scratch. */
double rectangle_rough_log_probability(const separation *bounds, double ratio, double *mean);

#endif
