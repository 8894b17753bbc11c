/* log M of an indicator as a plain sum of normal probabilities, where that is enough.
 *
 * With one functional, no upper bound and one variable x, component k at scale r has probability
 *
 *     P(e >= r a_k - slope_k x)  =  Phi(slope_k x - place),      place = r a_k.
 *
 * Places of one slope are gathered in bins (joint_bins.h), others are summed one by one. It pays to have few: a t takes the
 * scales of a Gauss rule (scale_rule.h), where it is not too far out for that. Where M is below 1e-10 the sum says no
 * more than that; who wants to know goes to joint_given, which works in logs. */
#ifndef ATTAIN_CORE_JOINT_PLACES_H
#define ATTAIN_CORE_JOINT_PLACES_H

#include "joint_bins.h"
#include "joint_given.h"

typedef struct {
    size_t count, room;
    double *place, *slope, *weight; /* (room), where slopes differ */
    joint_bins bins;                /* where they do not */
} place_set;

/* Even and odd nodes of the trapezoidal rule (joint_given.h) are sets of their own; what does not come from it belongs to
 * both. */
typedef struct {
    int serves; /* 0: the part is not of this form */
    place_set both, half[2];
} joint_places;

/* Lists a part at steps of its scales divided by `refinement`. ATT_NO_MEMORY, ATT_NO_CONVERGENCE or ATT_OK; free it in
 * any case. */
att_status joint_places_open(const joint_part *part, int refinement, joint_places *places);
void joint_places_free(joint_places *places);

/* As joint_given, at places x (LANES); returns 0, and writes nothing, where the sum does not serve. */
int joint_places_given(const joint_places *places, const separation_kernel *kernel, const double *x,
                       given_log *out);

#endif
