/* The posterior of the growth model for one pattern of rows: what depends on that alone, once. */
#ifndef ATTAIN_CORE_GROWTH_POSTERIOR_H
#define ATTAIN_CORE_GROWTH_POSTERIOR_H

#include "growth_windows.h"

typedef struct {
    size_t points;
    size_t changes;
    size_t horizon;
    const att_growth_prior *prior; /* the caller's */
    double evidence_share;         /* of the marginal likelihood, see growth_point.h */
    double *lower;                 /* (G, n, n) Cholesky factor of the covariance of the changes */
    double *gain;                  /* (G, n, H) its inverse times the covariance with the years ahead */
    double *residual;              /* (G, H, H) covariance of the years ahead given the changes */
    double *log_det;               /* (G) of the covariance of the changes */
    double *log_constant; /* (G) all of the log marginal likelihood that does not depend on the figures */
    double *whitened;     /* (n) scratch of growth_factors_run */
} growth_factors;

/* Factorises every point of the prior for the windows' pattern; ATT_NO_PRECISION when a covariance is
 * singular to working precision. Free whatever the status. */
att_status growth_factors_init(growth_factors *factors, const att_growth_prior *prior,
                               const growth_windows *windows, size_t horizon);

/* Weights (G), location (G, H) and variance ratio (G) for figures of that pattern:
 * scale matrix = ratio * residual. ATT_NO_PRECISION when one of them is not finite. */
att_status growth_factors_run(const growth_factors *factors, const growth_windows *windows, double *weight,
                              double *location, double *ratio);

/* Degrees of freedom of point g: 2 a0 plus the number of changes. */
double growth_factors_df(const growth_factors *factors, size_t g);

/* Tolerates a zeroed or half-built object. */
void growth_factors_free(growth_factors *factors);

#endif
