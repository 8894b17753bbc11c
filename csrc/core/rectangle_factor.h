/* Rectangles whose correlations come from one factor: R_ij = load_i load_j for i != j.
 *
 *     P = integral of phi(f) prod_i P(lower_i <= load_i f + sqrt(1 - load_i^2) e_i <= upper_i) df
 *
 * (Dunnett & Sobel 1955; Genz & Bretz 2009, section 2.3.1). A variable with load 1 or -1 bounds f itself. */
#ifndef ATTAIN_CORE_RECTANGLE_FACTOR_H
#define ATTAIN_CORE_RECTANGLE_FACTOR_H

#include "rectangle_order.h"

/* The rectangle of one block; its buffers are its own. */
typedef struct {
    factor_rows rows;   /* those that leave something to chance given f; the order is lost */
    double least, most; /* bounds on f */
    double *load, *inverse_spread, *lower, *upper;
    const separation_kernel *kernel;
} factor_rectangle;

/* Whether one factor explains the correlations within 1e-13, and which loads do; 0 otherwise. One or two
 * variables always have one; a single one is its own factor, a variable without correlation has load 0. Loads are
 * real: negative correlations of three and more have some only if their signs come from the signs of loads. */
int rectangle_one_factor(const standard_rectangle *rectangle, double *load);

/* ATT_NO_MEMORY or ATT_OK. */
att_status factor_rectangle_open(const standard_rectangle *rectangle, const double *load,
                                 factor_rectangle *factor);
void factor_rectangle_free(factor_rectangle *factor);

/* Writes log P for bounds times ratio, relative error of P below 1e-8 (docs/accuracy.md). */
att_status factor_rectangle_log_probability(const factor_rectangle *factor, double ratio,
                                            double *log_probability);

#endif
