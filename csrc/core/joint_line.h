/* Joint probabilities whose integral has at most one variable: the trapezoidal rule on a table of log M. */
#ifndef ATTAIN_CORE_JOINT_LINE_H
#define ATTAIN_CORE_JOINT_LINE_H

#include "joint_source.h"

/* Any number of parts, and which of them each answer is the product of. */
typedef struct {
    size_t parts, answers;
    joint_source *const *source; /* (parts) */
    size_t width;                /* most parts of an answer */
    const size_t *factor;        /* (answers, width): numbers of parts, NO_VARIABLE to leave the rest out */
} joint_products;

/* Writes result (answers). Parts have no variable but number 0. */
att_status joint_line(const joint_products *products, double relative_error, att_joint_result *result);

#endif
