/* The reverse-time Cholesky factor of a component's scale matrix: the years in the order in which coordinates are
 * drawn, the last year first, so that it rests on one coordinate.
 *
 * A leading year keeps its row whatever years follow, but a year's own coordinate depends on those before it: joint.h
 * and simulate.h have one model because both take the years that their bounds name, and no other. */
#ifndef ATTAIN_CORE_REVERSE_FACTOR_H
#define ATTAIN_CORE_REVERSE_FACTOR_H

#include "attain/mixture.h"

/* Lower triangle of factor (n, n) with factor factor' = the scale matrix of component k over the years place (n) of the
 * horizon; a pivot of nothing has a column of nothing. ATT_BAD_ARGUMENT: not a covariance. */
att_status reverse_factor(const att_mixture *mixture, size_t k, const size_t *place, size_t n,
                          double *factor);

#endif
