/* log M_i, the probability of an indicator's bounds given the variables of the integral, its scale integrated.
 *
 * The scale of a t is handled in s = log r (chi_scale.h) by the trapezoidal rule. Its even and odd nodes are
 * each a rule of twice the step, whose difference tells how good the whole is: an error of exp(-c / step) becomes its
 * square when the step is halved; where M has kinks the error is that of step^2, an eighth of the difference. */
#ifndef ATTAIN_CORE_JOINT_GIVEN_H
#define ATTAIN_CORE_JOINT_GIVEN_H

#include "joint_part.h"

/* log M (LANES) by all nodes, by the even and by the odd ones; LOG_NOTHING for 0. Bit i of `at_most`: in lane i M is at most
 * that, and was not looked at closer. */
typedef struct {
    double all[LANES], even[LANES], odd[LANES];
    unsigned at_most;
} given_log;

/* The error of a rule whose halves differ by this (of logs). */
double halves_error(double difference, int has_kinks);

/* Whether any part has kinks. */
int have_kinks(const joint_part *part, size_t parts);

/* At the places x (variables, LANES); steps are those of the part divided by `refinement`. */
void joint_given(const joint_part *part, const separation_kernel *kernel, int refinement, const double *x,
                 given_log *out);

#endif
