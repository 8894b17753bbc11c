/* Paths in coordinates of reverse time: coordinate 0 is the last year that any bound names, so that a functional loads on
 * those from its own first year on, and its last year rests on one coordinate. */
#ifndef ATTAIN_CORE_REVERSE_TIME_H
#define ATTAIN_CORE_REVERSE_TIME_H

#include <stdint.h>

#include "attain/mixture.h"

/* Inserts a year into a descending list; returns its new length, one more than `room` when it is full. */
size_t insert_year(int32_t *year, size_t years, size_t room, int32_t one);

/* Lower triangle of L L' = scale matrix of component k over n coordinates, place (n) those of its horizon; a pivot of
 * nothing has a column of nothing. ATT_BAD_ARGUMENT when the matrix is not positive semidefinite within rounding. */
att_status reverse_factor(const att_mixture *mixture, size_t k, size_t n, const size_t *place,
                          double *factor);

#endif
