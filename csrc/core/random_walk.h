/* The random walk with drift for one pattern of rows, as one component of a mixture. */
#ifndef ATTAIN_CORE_RANDOM_WALK_H
#define ATTAIN_CORE_RANDOM_WALK_H

#include "growth_windows.h"

typedef struct {
    size_t changes;
    size_t horizon;
    double *lower;    /* (n, n) Cholesky factor of the overlap of the windows */
    double *gain;     /* (n, H) */
    double *residual; /* (H, H) scale matrix of the years ahead in units of s2, drift unknown */
    double *length;   /* (n) whitened lengths of the windows */
    double *whitened; /* (n) scratch of random_walk_run */
    double *ahead;    /* (H) length ahead less what the windows already tell */
} random_walk;

/* ATT_TOO_FEW under two changes, ATT_NO_PRECISION when their overlap is singular to working precision; free
 * whatever the status. */
att_status random_walk_init(random_walk *walk, const growth_windows *windows, size_t horizon);

/* Location (H) and s2; scale matrix = s2 * residual, df = changes - 1. */
void random_walk_run(const random_walk *walk, const growth_windows *windows, double *location, double *s2);

void random_walk_free(random_walk *walk);

#endif
