/* A point of the prior, read from its row; and what both ways to the posterior need beside it. */
#ifndef ATTAIN_CORE_GROWTH_POINT_H
#define ATTAIN_CORE_GROWTH_POINT_H

#include "attain/growth.h"

typedef struct {
    double phi, r, w, q, m0, k0, a0, s0, weight;
} prior_point;

static inline prior_point point_of(const double *table, size_t g)
{
    const double *p = table + g * ATT_PRIOR_COLUMNS;
    return (prior_point){p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]};
}

/* Log weights, up to a common constant, become weights of sum 1. */
void growth_normalise(double *weight, size_t count);

int growth_all_finite(const double *value, size_t count);

#endif
