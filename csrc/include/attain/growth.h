/* The growth model of one short series: observations in, the posterior of the years ahead out as one att_mixture.
 *
 * On y = log(level), with years t, scope s and a scale s2 shared by all variances:
 *
 *     y_t(s) = l_t + c(s) + eps_t(s)           eps  ~ N(0, r s2)    measurement, one per year and scope
 *     l_t    = l_{t-1} + b_{t-1} + eta_t       eta  ~ N(0, w s2)    level shock
 *     b_t    = mu + phi (b_{t-1} - mu) + zeta  zeta ~ N(0, q s2)    growth shock, b stationary around mu
 *     mu ~ N(m0, k0 s2),   s2 ~ InvGamma(a0, a0 s0^2),   c(s) flat: the first level of a scope carries no likelihood
 *
 * A prior is a table of points (phi, r, w, q, m0, k0, a0, s0) with weights; each point gives one component in closed form,
 * and the posterior weight is prior weight times marginal likelihood. Every row of data is the log change over a
 * window of years on one scope, and so is every forecast; see core/growth_posterior.c for the algebra.
 */
#ifndef ATTAIN_GROWTH_H
#define ATTAIN_GROWTH_H

#include <stddef.h>
#include <stdint.h>

#include "attain/status.h"

/* One flat table of observations. Rows of one series stand together, series in non-decreasing order, years
 * non-decreasing within a series; scopes are labels without order. */
typedef struct {
    size_t rows;
    const int64_t *series;
    const int32_t *year;
    const int32_t *kind; /* an att_row_kind */
    const int32_t *scope;
    const double *value; /* level > 0 in any unit, or growth over the year before as a fraction, > -1 */
} att_observations;

typedef enum { ATT_ROW_LEVEL = 0, ATT_ROW_GROWTH = 1 } att_row_kind;

/* What became of a row. A growth row between two figures that are published already adds nothing: it is
 * reported as redundant and not used. */
typedef enum { ATT_USE_CHANGE = 0, ATT_USE_FIRST_LEVEL = 1, ATT_USE_REDUNDANT = 2 } att_row_use;

/* Where the forecast of a series starts: the last year whose figure on the forecast scope (the last scope with a
 * level) is published, or follows from published growth without a gap. Without any level, levels is 0, log_level 0,
 * and the forecast is of the log change since `year`. */
typedef struct {
    int32_t year;
    int32_t levels;  /* level rows of the series */
    int32_t changes; /* rows that carry likelihood */
    int32_t scope;   /* the forecast scope */
    double log_level;
} att_origin;

enum { ATT_PRIOR_COLUMNS = 9 };

/* Points of the growth family with their prior weights: rows (phi, r, w, q, m0, k0, a0, s0, weight), C-contiguous.
 * 0 <= phi < 1; r, w, q >= 0 with sum 1; k0 >= 0; a0, s0, weight > 0; weights are used up to a common factor. */
typedef struct {
    size_t points;
    const double *table;
} att_growth_prior;

att_status att_growth_prior_check(const att_growth_prior *prior);

/* Number of series in a table whose rows stand together (0 for no rows). */
size_t att_observations_series(const att_observations *table);

/* Reads every series of a table: writes status and use for each row, origin for each series. A row's status says
 * what is wrong with that row; a series with a bad row has an origin of zeros. Returns ATT_OK when the call itself
 * worked, whatever the rows say. */
att_status att_growth_origins(const att_observations *table, att_status *status, att_row_use *use,
                              att_origin *origin);

/* Posterior of one series over the `horizon` years after its origin, in log units. Writes weight (G), df (G), location (G, H)
 * and scale (G, H, H), G the points of the prior: an att_mixture. Needs one row or more; n = 1 answers with the prior. */
att_status att_growth_posterior(const att_growth_prior *prior, const att_observations *series, size_t horizon,
                                double *weight, double *df, double *location, double *scale);

/* The textbook random walk with drift as a mixture of one component: for changes g_i over d_i years, k of them, D = sum d,
 * m = sum g / D, s2 = sum (g - d m)^2 / d / (k - 1), df = k - 1, scale (h, j) = s2 (min(h, j) + h j / D). Writes df (1),
 * location (H), scale (H, H). ATT_TOO_FEW under two changes, which levels alone give from three on. */
att_status att_random_walk_posterior(const att_observations *series, size_t horizon, double *df,
                                     double *location, double *scale);

/* Quantiles of the log figure of many series: quantile (S, Y, Q) for the Y years first..last and the Q probabilities, each
 * in (0, 1) and ascending. Cells of years up to a series' origin, and of series whose status is not ATT_OK, are NaN.
 * status (S) says how each series fared. prior NULL asks for the random walk. Series that share their pattern of
 * years, kinds and scopes with the one before share its factorisation. */
att_status att_growth_quantiles(const att_growth_prior *prior, const att_observations *table, int32_t first,
                                int32_t last, size_t probabilities, const double *probability,
                                att_status *status, double *quantile);

#endif
