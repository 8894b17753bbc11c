/* One search for the quantile of any distribution whose log tail and log density can be evaluated. */
#ifndef ATTAIN_CORE_QUANTILE_SEARCH_H
#define ATTAIN_CORE_QUANTILE_SEARCH_H

#include "attain/distribution.h"
#include "attain/status.h"

#define LOG_HALF (-0.69314718055994530942)

/* Writes the log tail of a side at a finite x, and the log density there (-INFINITY: none). */
typedef void quantile_evaluate(const void *context, att_side side, double x, double *log_tail,
                               double *log_density);

typedef struct {
    quantile_evaluate *evaluate;
    const void *context;
    att_side side;
    double log_p;  /* log of the tail wanted, at most about log(1/2): the side of the smaller tail */
    double centre; /* where the distribution is, */
    double scale;  /* and how wide, positive; both may be rough */
} quantile_problem;

/* Writes x with log tail log_p, to 1e-12 of log_p or 1e-15 of scale, whichever is coarser; +-INFINITY when
 * it lies beyond the doubles. Where the tail jumps, x is the place of the jump. start may be anything
 * finite; a decent one takes 3 to 6 evaluations. ATT_NO_CONVERGENCE after 200, or at a NaN. */
att_status quantile_search(const quantile_problem *problem, double start, double *x);

/* The upper quantile of the normal for log_p <= log(1/2), to 0.003 (Abramowitz & Stegun 26.2.22). */
double quantile_rough_score(double log_p);

#endif
