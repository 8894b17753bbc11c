/* A sum of normal probabilities over tens of thousands of places, from the moments of the places instead of from each.
 *
 * In sum_k weight_k Phi(slope x - place_k) the terms differ by their places alone. Those within a bin of width BIN_WIDTH
 * act through the first moments of their distances from its centre (separation.h, add_bins), which leaves a few hundred
 * bins; the relative error of a sum above 1e-10 is below 1e-13. */
#ifndef ATTAIN_CORE_JOINT_BINS_H
#define ATTAIN_CORE_JOINT_BINS_H

#include "attain/status.h"
#include "separation.h"

#define BINS_FARTHEST_X 12.0 /* |x| for which bins are made */

typedef struct {
    size_t bins;
    double slope, reach;
    double *moment; /* (bins, BIN_TERMS) */
    double *below;  /* (bins + 1), the weight of places before each bin */
} joint_bins;

/* Empty bins. ATT_NO_MEMORY or ATT_OK; free them in any case. */
att_status joint_bins_open(double slope, joint_bins *bins);
void joint_bins_free(joint_bins *bins);

/* Gathers a place; after the last one the bins are closed. */
void joint_bins_put(joint_bins *bins, double place, double weight);
void joint_bins_close(joint_bins *bins);

/* Adds the sum at each x (LANES), |x| <= BINS_FARTHEST_X, to sum (LANES). */
void joint_bins_add(const joint_bins *bins, const separation_kernel *kernel, const double *x, double *sum);

#endif
