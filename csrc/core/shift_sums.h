/* Sums over the random shifts of one lattice, which is doubled until their means agree. */
#ifndef ATTAIN_CORE_SHIFT_SUMS_H
#define ATTAIN_CORE_SHIFT_SUMS_H

#include "attain/rectangle.h"
#include "separation.h"

#define SHIFTS 12

typedef struct {
    separation_sum total[SHIFTS];
    double last_error; /* of half the points; infinite before there were any */
} shift_sums;

void shift_sums_clear(shift_sums *sums);

/* Log of the mean over shifts of `points` points each, at most 0, and its standard error, to which `more` is added;
 * -INFINITY and INFINITY when no point has any weight. */
void shift_sums_mean(shift_sums *sums, size_t points, double more, double *log_mean, double *log_error);

/* Whether `points` points a shift are to be doubled, and may be. */
int is_to_be_doubled(size_t points, double log_error, const att_rectangle_accuracy *accuracy);

#endif
