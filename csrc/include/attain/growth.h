/* The growth model of one short series: observations in, the posterior of the years ahead out as one
 * att_mixture.
 *
 * On y = log(level), or y = logit(share) for a series of shares, with years t, scope s and a scale s2 shared
 * by all variances:
 *
 *     y_t(s) = l_t + c(s) + sigma_t eps_t(s)   eps  ~ N(0, r s2)    measurement, one per year and scope
 *     l_t    = l_{t-1} + mu_t + sigma_t x_t    x    = eta + b       growth around its drift:
 *                                              eta  ~ N(0, w s2)    level shock
 *     b_t    = phi b_{t-1} + zeta_t            zeta ~ N(0, q s2)    growth shock, b stationary
 *     mu_t   = m0 + rho (mu_{t-1} - m0) + xi_t  mu ~ N(m0, k0 s2)   drift, stationary; rho = 1: constant
 *     sigma_t^2 = (1 + age)^d                  age: years before the last one that the figures reach
 *     s2 ~ InvGamma(a0, a0 s0^2)
 *     c(s) flat: the first level of a scope carries no likelihood
 *
 * A row tells such a figure with an error e ~ N(0, kappa s2 + c): kappa, its looseness, and the square root
 * of c, its error, stand in the table, and both are usually 0.
 *
 * A prior is a table of points (phi, r, w, q, m0, k0, a0, s0, rho, d) with weights; the posterior weight is
 * prior weight times a power of the marginal likelihood, 1 / (1 + n / evidence_limit) for n changes: a limit of
 * INFINITY is Bayes' rule, a finite one keeps long series, which no point fits, from trusting one of them alone. As long as every c is 0, each point gives one t component in closed form
 * (core/growth_posterior.c); otherwise s2 takes ATT_SCALE_NODES values a point, each of which gives a normal
 * one (core/growth_nodes.c). Every row of data is the change of y over a window of years on one scope, and so
 * is every forecast.
 *
 * Not checked by any function: pointers that are NULL where arrays or tables are due, and lengths. When a
 * call does not return ATT_OK, what it has written means nothing.
 */
#ifndef ATTAIN_GROWTH_H
#define ATTAIN_GROWTH_H

#include <stddef.h>
#include <stdint.h>

#include "attain/status.h"

/* Years are whole numbers from -ATT_MAX_YEAR to ATT_MAX_YEAR; a forecast ends at most ATT_MAX_HORIZON years
 * after the origin. */
enum { ATT_MAX_YEAR = 100000, ATT_MAX_HORIZON = 200 };

/* Values of s2 that stand for its posterior, for each point of the prior, where figures have errors. */
enum { ATT_SCALE_NODES = 56 };

/* One flat table of observations. Rows of one series stand together, series in non-decreasing order, years
 * non-decreasing within a series; scopes are labels without order. Functions of a single series take all
 * rows as that series, whatever stands in the series column. */
typedef struct {
    size_t rows;
    const int64_t *series;
    const int32_t *year;
    const int32_t *kind; /* an att_row_kind */
    const int32_t *scope;
    const double *value; /* level > 0 in any unit, growth over the year before as a fraction, > -1, or
                          * share of a whole as a fraction, within 0 and 1 */
    /* looseness >= 0: variance of the row's error in units of s2, as of growth in a part of the year; error 0
     * to 10: standard deviation, known beforehand, of the published log figure (of a share: logit), or of
     * log(1 + growth), around the true one. NULL: 0 in every row. */
    const double *looseness;
    const double *error;
} att_observations;

/* A series is either of levels and growth, modelled on y = log(level), or of shares, modelled on y =
 * logit(share) = log(share / (1 - share)). Wherever this header says level, of a series of shares its shares
 * are meant, and wherever it says log figure, their logits. */
typedef enum { ATT_ROW_LEVEL = 0, ATT_ROW_GROWTH = 1, ATT_ROW_SHARE = 2 } att_row_kind;

/* What became of a row. A growth row without looseness between two figures that are published already, or
 * follow from published growth, adds nothing as long as these are exact, which is without looseness and error:
 * it is reported as redundant and not used. */
typedef enum { ATT_USE_CHANGE = 0, ATT_USE_FIRST_LEVEL = 1, ATT_USE_REDUNDANT = 2 } att_row_use;

/* Where the forecast of a series starts: the last year whose figure on the forecast scope is published, or
 * follows from published growth without looseness and without a gap; loose growth behind it informs the years
 * ahead. The forecast scope is that of the last level in the order of the table: where several scopes have a
 * level in the last year, the order of their rows decides. Without any level, levels is 0, log_level 0, and
 * the forecast is of the log change since `year`, on the scope of the last row that is not loose; where all
 * are, since the year before the first row, on its scope. The forecast is of figures without error: errors of
 * the rows that log_level comes from widen it. */
typedef struct {
    int32_t year;
    int32_t levels;   /* level rows of the series */
    int32_t changes;  /* rows that carry likelihood */
    int32_t scope;    /* the forecast scope */
    double log_level; /* the transformed figure as published: log of a level, logit of a share */
} att_origin;

enum { ATT_PRIOR_COLUMNS = 11 };

/* Points of the growth family with their prior weights: rows (phi, r, w, q, m0, k0, a0, s0, rho, d,
 * weight),
 * C-contiguous. 0 <= phi < 1; r, w, q >= 0 with sum 1 to 1e-9; |m0| <= 10, in log points a year; 0 <= k0 <=
 * 1e6; 0.05 <= a0 <= 1e6, so that df is at least 0.1; 1e-6 <= s0 <= 100; 0 <= rho <= 1; 0 <= d <= 4; weight
 * > 0 and finite. Weights are used up to a common factor. evidence_limit > 0, INFINITY for Bayes' rule. */
typedef struct {
    size_t points;
    const double *table;
    double evidence_limit;
} att_growth_prior;

/* ATT_BAD_ARGUMENT for NULL or no points, ATT_BAD_PRIOR for a point outside the limits above. */
att_status att_growth_prior_check(const att_growth_prior *prior);

/* ATT_BAD_ARGUMENT for a horizon below 1 year, ATT_TOO_FAR for one above ATT_MAX_HORIZON. */
att_status att_growth_horizon_check(size_t horizon);

/* ATT_BAD_ARGUMENT unless -ATT_MAX_YEAR <= first <= last <= ATT_MAX_YEAR. */
att_status att_growth_years_check(int32_t first, int32_t last);

/* Number of series in a table whose rows stand together (0 for no rows). */
size_t att_observations_series(const att_observations *table);

/* Reads every series of a table: writes status (R) and use (R), one a row, and origin (S), one a series. A
 * row's status says what is wrong with that row; a series with a bad row has an origin of zeros, and its
 * uses mean nothing.
 *
 * Where all rows of a series are good by themselves, ATT_OVERLAP marks the exact rows that other scopes
 * determine: growth is that of one path, so the windows of years that the exact rows tell of, as edges
 * between years, must make no cycle. Windows are taken in the order of the table, levels before growth; the
 * one that closes a cycle is marked. Looseness and error are ATT_BAD_ERROR when negative or not finite, and
 * so is an error above 10.
 *
 * Returns ATT_OK when the call itself worked, whatever the rows say; ATT_BAD_ORDER when series descend. */
att_status att_growth_origins(const att_observations *table, att_status *status, att_row_use *use,
                              att_origin *origin);

/* Number of components of a series' posterior: the points of the prior, or as many times ATT_SCALE_NODES
 * where a row has an error. Not checked: everything. */
size_t att_growth_components(const att_growth_prior *prior, const att_observations *series);

/* Posterior of one series over the `horizon` years after its origin, in log units. Writes weight (K), df
 * (K), location (K, H) and scale (K, H, H), K = att_growth_components(): an att_mixture, of t components, or,
 * where a row has an error, of normal ones, whose probabilities are right to 1e-8 for a0 >= 0.5 (1e-6 for
 * 0.2, 1e-2 for 0.05); a weight may underflow to 0. Needs one row or more; a single level answers with the
 * prior. Returns the status of the prior, of the horizon or of the first bad row; ATT_NO_PRECISION when rounding leaves nothing of a
 * covariance (a prior far from data, phi next to 1, changes over thousands of years). Not checked: the
 * series column, which is ignored. */
att_status att_growth_posterior(const att_growth_prior *prior, const att_observations *series, size_t horizon,
                                double *weight, double *df, double *location, double *scale);

/* The textbook random walk with drift as a mixture of one component: for changes g_i over d_i years, k of
 * them, D = sum d, m = sum g / D, s2 = sum (g - d m)^2 / d / (k - 1), df = k - 1, scale (h, j) = s2 (min(h,
 * j) + h j / D). Takes every figure as exact: the column error is ignored, looseness is not. Writes df (1),
 * location (H), scale (H, H). ATT_TOO_FEW under two changes, which levels alone give from three on; other
 * statuses as above. Not checked: the series column, which is ignored. */
att_status att_random_walk_posterior(const att_observations *series, size_t horizon, double *df,
                                     double *location, double *scale);

/* Quantiles of the log figure of many series: quantile (S, Y, Q) for the Y years first..last and the Q
 * probabilities, each in (0, 1) and ascending. Cells of years up to a series' origin, and all of a series
 * whose status is not ATT_OK, are NaN; +-INFINITY where a quantile lies beyond the doubles. status (S) says
 * how each series fared: ATT_TOO_FAR when `last` is more than ATT_MAX_HORIZON years after its origin. prior
 * NULL asks for the random walk. Series that share their pattern of years, kinds, scopes and looseness with the one
 * before, without errors, share its factorisation. Returns ATT_BAD_ARGUMENT for years or probabilities outside their
 * domains, the status of the prior, ATT_BAD_ORDER when series descend, ATT_NO_MEMORY. */
att_status att_growth_quantiles(const att_growth_prior *prior, const att_observations *table, int32_t first,
                                int32_t last, size_t probabilities, const double *probability,
                                att_status *status, double *quantile);

/* What is asked about the forecasts of S series, and the figures that came; all in log units. */
typedef struct {
    size_t horizons;
    const int32_t *horizon; /* (H) years after the origin of each series, at least 1, in any order */
    const double *actual;   /* (S, H) the figure that came; NaN: none */
    size_t bounds;          /* Q, may be 0 */
    const double *bound;    /* (S, H, Q), may be infinite */
} att_score_request;

/* Where the answers go. */
typedef struct {
    double *crps;      /* (S, H) continuous ranked probability score, in log points */
    double *log_score; /* (S, H) log of the forecast's density at the figure that came */
    double *pit;       /* (S, H) P(X <= the figure that came) */
    double *median;    /* (S, H) */
    double *exceed;    /* (S, H, Q) P(X >= bound) */
} att_scores;

/* Scores forecasts of many series: X is the log figure a horizon after the origin, prior NULL the random walk,
 * series share factorisations as in att_growth_quantiles. Where no figure came, crps, log_score and pit are
 * NaN; all of a series whose status (S) is not ATT_OK is NaN.
 *
 * crps is the integral of (P(X <= x) - [x >= actual])^2 over x (Gneiting & Raftery 2007, equation 20), right to
 * 1e-8 of its size; INFINITY where a component has a df of 1/2 or less, ATT_NO_CONVERGENCE up to 0.55. A
 * random walk whose scale is rounding, below 1e-14, knows its figures: crps is the distance, log_score is INFINITY or -INFINITY.
 * log_score is right to 1e-12 of its size; pit, exceed and median to 1e-11 in probability.
 *
 * status is ATT_NOT_FINITE for an infinite figure or a NaN bound. Returns ATT_BAD_ARGUMENT or ATT_TOO_FAR for
 * the horizons, the status of the prior, ATT_BAD_ORDER when series descend, ATT_NO_MEMORY. */
att_status att_growth_scores(const att_growth_prior *prior, const att_observations *table,
                             const att_score_request *asked, att_status *status, const att_scores *out);

/* Histories and what came after them, to learn the weights of a prior from. */
typedef struct {
    size_t horizons;
    const int32_t *horizon;   /* (H) years after each origin */
    const double *actual;     /* (S, H) log figures, NaN where none came */
    const double *importance; /* (S) not negative, what a series counts for where something came; NULL: 1 */
    size_t steps;
    double rate; /* of Adam, in logs of weights a step, such as 0.2 */
} att_learning;

/* Weights (G) under which the points of `start` would have foretold best what came: they climb from those of
 * `start` the mean log predictive density (core/growth_learn.c), whose last value is `score`. Takes 4 S G (1 + H)
 * bytes. status (S) says which series cannot be used, the first of which is returned; figures with errors are
 * ATT_BAD_ERROR. ATT_BAD_ARGUMENT for no series or horizons, a rate that is not positive, or where no series
 * that counts has an outcome; statuses of the prior and of horizons; ATT_BAD_ORDER when series descend. */
att_status att_growth_learn(const att_growth_prior *start, const att_observations *table,
                            const att_learning *task, att_status *status, double *weight, double *score);

#endif
