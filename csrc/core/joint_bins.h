/* log M of an indicator, from the moments of its components instead of from each of them.
 *
 * With one functional, no upper bound and one variable x, component k at scale r has probability
 *
 *     P(e >= r a_k - slope x)  =  Phi(slope x - r a_k),
 *
 * the same slope for all: components and scales differ by the place r a_k alone. Places within a bin of width BIN_WIDTH
 * act through the first moments of their distances from its centre (separation.h, add_bins), which leaves a few hundred
 * bins of tens of thousands of places; the relative error is below 1e-13 where it is used: where M is above 1e-10. */
#ifndef ATTAIN_CORE_JOINT_BINS_H
#define ATTAIN_CORE_JOINT_BINS_H

#include "joint_given.h"

typedef struct {
    size_t bins; /* 0: the part is not of this form, and joint_given serves it */
    double slope, reach;
    double *moment; /* (bins, BIN_TERMS, 2): of even and of odd scales */
    double *below;  /* (bins + 1, 2): the weight of places before each bin */
} joint_bins;

/* Gathers a part at steps of its scales divided by `refinement`. ATT_NO_MEMORY or ATT_OK; free it in any case. */
att_status joint_bins_open(const joint_part *part, int refinement, joint_bins *bins);
void joint_bins_free(joint_bins *bins);

/* As joint_given, which it calls where the bins do not serve. */
void joint_bins_given(const joint_bins *bins, const joint_part *part, const separation_kernel *kernel,
                      int refinement, const double *x, given_log *out);

#endif
