/* What do the changes seen say about the years ahead?
 *
 * Given a point of the prior and s2, changes z and log changes ahead f are jointly normal with means
 * m0 * length and covariance s2 times [C, X; X', A] of growth_covariance.c. With C = L L',
 * u = L^-1 (z - m0 length), W = L^-1 X:
 *     f | z, s2 ~ N(m0 length + W'u, s2 (A - W'W))
 *     s2 | z ~ InvGamma(a, b),   a = a0 + n/2,   b = a0 s0^2 + u'u / 2
 * so f | z is t with 2a degrees of freedom and scale matrix (b/a)(A - W'W). The log marginal likelihood is
 *     -log det C / 2 + a0 log(a0 s0^2) - a log b + lgamma(a) - lgamma(a0)
 * up to a constant of n. One such constant makes of it what does not cancel when a0 is large:
 *     -log det C / 2 - n/2 log(a0 s0^2) - a log(1 + u'u / (2 a0 s0^2)) - lbeta(a0, n/2).
 */
#include "growth_posterior.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "growth_covariance.h"
#include "growth_nodes.h"
#include "growth_point.h"
#include "memory.h"

static int lies_within(double value, double least, double most)
{
    return value >= least && value <= most;
}

static int is_in_family(prior_point p)
{
    return p.phi >= 0 && p.phi < 1 && p.r >= 0 && p.w >= 0 && p.q >= 0 && fabs(p.r + p.w + p.q - 1) < 1e-9 &&
           lies_within(p.m0, -10, 10) && lies_within(p.k0, 0, 1e6) && lies_within(p.a0, 0.05, 1e6) &&
           lies_within(p.s0, 1e-6, 100) && p.weight > 0 && isfinite(p.weight);
}

att_status att_growth_prior_check(const att_growth_prior *prior)
{
    if (!prior || !prior->table || prior->points == 0) return ATT_BAD_ARGUMENT;
    for (size_t g = 0; g < prior->points; g++) {
        if (!is_in_family(point_of(prior->table, g))) return ATT_BAD_PRIOR;
    }
    return ATT_OK;
}

att_status att_growth_horizon_check(size_t horizon)
{
    if (horizon < 1) return ATT_BAD_ARGUMENT;
    return horizon > ATT_MAX_HORIZON ? ATT_TOO_FAR : ATT_OK;
}

static int allocate_factors(growth_factors *f)
{
    size_t g = f->points, n = f->changes, h = f->horizon;
    f->lower = new_block(g, n, n, sizeof(double));
    f->gain = new_block(g, n, h, sizeof(double));
    f->residual = new_block(g, h, h, sizeof(double));
    f->log_det = new_block(g, 1, 1, sizeof(double));
    f->log_constant = new_block(g, 1, 1, sizeof(double));
    f->whitened = new_block(n, 1, 1, sizeof(double));
    return f->lower && f->gain && f->residual && f->log_det && f->log_constant && f->whitened;
}

/* Writes all of the log posterior weight that does not depend on the figures. */
static att_status log_constant(prior_point p, double log_det, size_t changes, double *constant)
{
    double half = (double)changes / 2;
    gsl_sf_result log_beta = {0, 0};
    if (changes > 0 && gsl_sf_lnbeta_e(p.a0, half, &log_beta) != GSL_SUCCESS) return ATT_NO_PRECISION;
    *constant = log(p.weight) - log_det / 2 - half * log(p.a0 * p.s0 * p.s0) - log_beta.val;
    return ATT_OK;
}

/* The first point of the prior with the same covariances as point g: often an earlier one, as points differ
 * in the other parameters too. */
static size_t first_alike(const double *table, size_t g)
{
    prior_point p = point_of(table, g);
    for (size_t i = 0; i < g; i++) {
        prior_point o = point_of(table, i);
        if (o.phi == p.phi && o.r == p.r && o.w == p.w && o.q == p.q && o.k0 == p.k0) return i;
    }
    return g;
}

static void copy_factors(growth_factors *f, size_t from, size_t to)
{
    size_t n = f->changes, h = f->horizon;
    memcpy(f->lower + to * n * n, f->lower + from * n * n, n * n * sizeof(double));
    memcpy(f->gain + to * n * h, f->gain + from * n * h, n * h * sizeof(double));
    memcpy(f->residual + to * h * h, f->residual + from * h * h, h * h * sizeof(double));
    f->log_det[to] = f->log_det[from];
}

static void factorise_point(growth_factors *f, const growth_windows *windows, size_t g, size_t span,
                            double *variogram)
{
    size_t n = f->changes, h = f->horizon;
    prior_point p = point_of(f->prior, g);
    growth_variogram(p.phi, p.w, p.q, span, variogram);
    growth_kernel kernel = {p.k0, p.r, variogram};
    f->log_det[g] = growth_condition(&kernel, windows, h, f->lower + g * n * n, f->gain + g * n * h,
                                     f->residual + g * h * h);
}

static att_status factorise(growth_factors *f, const growth_windows *windows, double *variogram, size_t span)
{
    att_status status = ATT_OK;
    for (size_t g = 0; g < f->points && status == ATT_OK; g++) {
        size_t alike = first_alike(f->prior, g);
        if (alike < g)
            copy_factors(f, alike, g);
        else
            factorise_point(f, windows, g, span, variogram);
        if (isnan(f->log_det[g])) return ATT_NO_PRECISION;
        status = log_constant(point_of(f->prior, g), f->log_det[g], f->changes, &f->log_constant[g]);
    }
    return status;
}

att_status growth_factors_init(growth_factors *f, const att_growth_prior *prior,
                               const growth_windows *windows, size_t horizon)
{
    *f = (growth_factors){
        .points = prior->points, .changes = windows->count, .horizon = horizon, .prior = prior->table};
    size_t span = growth_span(windows, horizon);
    double *variogram = new_block(span + 1, 1, 1, sizeof(double));
    int ready = allocate_factors(f) && variogram;
    att_status status = ready ? factorise(f, windows, variogram, span) : ATT_NO_MEMORY;
    free(variogram);
    return status;
}

void growth_factors_free(growth_factors *f)
{
    free(f->lower);
    free(f->gain);
    free(f->residual);
    free(f->log_det);
    free(f->log_constant);
    free(f->whitened);
    *f = (growth_factors){0};
}

double growth_factors_df(const growth_factors *f, size_t g)
{
    return 2 * point_of(f->prior, g).a0 + (double)f->changes;
}

/* Location of point g and its variance ratio; returns the log posterior weight, not yet normalised. */
static double run_point(const growth_factors *f, const growth_windows *windows, size_t g, double *location,
                        double *ratio)
{
    prior_point p = point_of(f->prior, g);
    size_t n = f->changes, horizon = f->horizon;
    double *u = f->whitened;
    for (size_t i = 0; i < n; i++) {
        u[i] = windows->change[i] - p.m0 * (double)(windows->window[i].to - windows->window[i].from);
    }
    dense_forward(f->lower + g * n * n, n, u, 1);
    for (size_t h = 0; h < horizon; h++) location[h] = windows->origin.log_level + p.m0 * (double)(h + 1);
    const double *gain = f->gain + g * n * horizon;
    for (size_t i = 0; i < n; i++) {
        for (size_t h = 0; h < horizon; h++) location[h] += gain[i * horizon + h] * u[i];
    }
    double a = p.a0 + (double)n / 2, b0 = p.a0 * p.s0 * p.s0, growth = dense_dot(u, u, n) / 2;
    *ratio = (b0 + growth) / a;
    return f->log_constant[g] - a * log1p(growth / b0);
}

att_status growth_factors_run(const growth_factors *f, const growth_windows *windows, double *weight,
                              double *location, double *ratio)
{
    for (size_t g = 0; g < f->points; g++) {
        weight[g] = run_point(f, windows, g, location + g * f->horizon, ratio + g);
    }
    growth_normalise(weight, f->points);
    int good = growth_all_finite(weight, f->points) && growth_all_finite(ratio, f->points) &&
               growth_all_finite(location, f->points * f->horizon);
    return good ? ATT_OK : ATT_NO_PRECISION;
}

static att_status write_mixture(const growth_factors *f, const growth_windows *windows, double *weight,
                                double *df, double *location, double *scale)
{
    size_t cells = f->horizon * f->horizon;
    att_status status = growth_factors_run(f, windows, weight, location, df);
    for (size_t g = 0; g < f->points && status == ATT_OK; g++) {
        for (size_t c = 0; c < cells; c++) scale[g * cells + c] = df[g] * f->residual[g * cells + c];
        df[g] = growth_factors_df(f, g);
    }
    return status;
}

static att_status write_nodes(const att_growth_prior *prior, const growth_windows *windows, size_t horizon,
                              double *weight, double *df, double *location, double *scale)
{
    for (size_t k = 0; k < prior->points * ATT_SCALE_NODES; k++) df[k] = INFINITY;
    return growth_nodes_run(prior, windows, horizon, weight, location, scale);
}

size_t att_growth_components(const att_growth_prior *prior, const att_observations *series)
{
    return prior->points * (growth_has_errors(series) ? ATT_SCALE_NODES : 1);
}

att_status att_growth_posterior(const att_growth_prior *prior, const att_observations *series, size_t horizon,
                                double *weight, double *df, double *location, double *scale)
{
    att_status status = att_growth_prior_check(prior);
    if (status == ATT_OK) status = att_growth_horizon_check(horizon);
    if (status != ATT_OK) return status;
    growth_windows windows;
    growth_factors factors = {0};
    status = growth_windows_init(&windows, series->rows);
    if (status == ATT_OK) status = growth_read(series, &windows, NULL, NULL);
    if (status == ATT_OK && windows.has_errors) {
        status = write_nodes(prior, &windows, horizon, weight, df, location, scale);
    } else if (status == ATT_OK) {
        status = growth_factors_init(&factors, prior, &windows, horizon);
        if (status == ATT_OK) status = write_mixture(&factors, &windows, weight, df, location, scale);
    }
    growth_factors_free(&factors);
    growth_windows_free(&windows);
    return status;
}
