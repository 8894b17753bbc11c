/* A rectangle of correlated normals as bounds on independent ones, in a good order.
 *
 * The rows of the correlation matrix R = L L' are taken in the order of Gibson, Glasbey & Elston (1994), as in Genz &
 * Bretz (2009, section 4.1.3): next the one that is least likely to lie within its bounds, those before it at their
 * conditional means. A row that those before it determine gets no variable: it bounds the last one that it loads on.
 */
#ifndef ATTAIN_CORE_RECTANGLE_ORDER_H
#define ATTAIN_CORE_RECTANGLE_ORDER_H

#include "attain/status.h"
#include "separation.h"

/* Bounds on standardised variables and their correlation matrix (n, n). */
typedef struct {
    size_t dimensions;
    double *lower, *upper, *correlation;
} standard_rectangle;

/* The separation, its shifts and slopes 0, in buffers of its own. */
typedef struct {
    separation bounds;
    size_t *first, *row; /* row: which of the rectangle's stands at each place */
    separation_kind *kind;
    double *load, *lower, *upper, *shift, *slope;
} ordered_rectangle;

/* ATT_NOT_COVARIANCE when the matrix is not positive semidefinite within rounding: a conditional variance below
 * -1e-10, or a covariance of more than 1e-6 of its size with a variable that is determined. */
att_status rectangle_order(const standard_rectangle *rectangle, ordered_rectangle *ordered);

/* Frees the buffers; a zeroed or half-built rectangle is let pass. */
void rectangle_order_free(ordered_rectangle *ordered);

#endif
