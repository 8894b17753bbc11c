/* Sums of doubles without rounding, so that neither order nor grouping matters: a number of 67 digits of 32 bits that are
 * added without carry (Neal 2015, the small superaccumulator). Room for 2^30 summands. */
#ifndef ATTAIN_CORE_EXACT_SUM_H
#define ATTAIN_CORE_EXACT_SUM_H

#include <stdint.h>

/* x finite; sum (ATT_SUM_LIMBS). */
void exact_sum_add(int64_t *sum, double x);

#endif
