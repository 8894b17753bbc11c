/* The textbook forecast: log changes of a random walk whose drift and variance are unknown.
 *
 * Generalised least squares on the windows: with C = L L' their overlap in years, z = L^-1 changes,
 * d = L^-1 lengths, W = L^-1 overlap with the years ahead,
 *     m = d'z / d'd,   s2 = |z - m d|^2 / (n - 1),   forecast m h + W'(z - m d),
 *     scale matrix s2 (A - W'W + (h - W'd)(j - W'd) / d'd).
 * For windows side by side, as levels give, W = 0 and d'd = D is the sum of their lengths:
 *     scale matrix s2 (min(h, j) + h j / D).
 */
#include "random_walk.h"

#include <math.h>
#include <stdlib.h>

#include "dense.h"
#include "growth_covariance.h"
#include "memory.h"

static int allocate(random_walk *walk)
{
    size_t n = walk->changes, h = walk->horizon;
    walk->lower = new_block(n, n, 1, sizeof(double));
    walk->gain = new_block(n, h, 1, sizeof(double));
    walk->residual = new_block(h, h, 1, sizeof(double));
    walk->length = new_block(n, 1, 1, sizeof(double));
    walk->whitened = new_block(n, 1, 1, sizeof(double));
    walk->ahead = new_block(h, 1, 1, sizeof(double));
    return walk->lower && walk->gain && walk->residual && walk->length && walk->whitened && walk->ahead;
}

static att_status factorise(random_walk *walk, const growth_windows *windows, double *variogram, size_t span)
{
    growth_variogram(0, 1, 0, span, variogram);
    growth_kernel kernel = {0, 0, variogram};
    double log_det =
        growth_condition(&kernel, windows, walk->horizon, walk->lower, walk->gain, walk->residual);
    return isnan(log_det) ? ATT_NO_PRECISION : ATT_OK;
}

/* The unknown drift widens the scale matrix by the lengths that the windows leave open. */
static void add_drift(random_walk *walk, const growth_windows *windows)
{
    size_t n = walk->changes, horizon = walk->horizon;
    for (size_t i = 0; i < n; i++) walk->length[i] = windows->window[i].to - windows->window[i].from;
    dense_forward(walk->lower, n, walk->length, 1);
    double total = dense_dot(walk->length, walk->length, n);
    for (size_t h = 0; h < horizon; h++) {
        walk->ahead[h] = (double)(h + 1);
        for (size_t i = 0; i < n; i++) walk->ahead[h] -= walk->gain[i * horizon + h] * walk->length[i];
    }
    for (size_t h = 0; h < horizon; h++) {
        for (size_t j = 0; j < horizon; j++)
            walk->residual[h * horizon + j] += walk->ahead[h] * walk->ahead[j] / total;
    }
}

att_status random_walk_init(random_walk *walk, const growth_windows *windows, size_t horizon)
{
    *walk = (random_walk){.changes = windows->count, .horizon = horizon};
    if (windows->count < 2) return ATT_TOO_FEW;
    size_t span = growth_span(windows, horizon);
    double *variogram = new_block(span + 1, 1, 1, sizeof(double));
    att_status status = allocate(walk) && variogram ? ATT_OK : ATT_NO_MEMORY;
    if (status == ATT_OK) status = factorise(walk, windows, variogram, span);
    if (status == ATT_OK) add_drift(walk, windows);
    free(variogram);
    return status;
}

void random_walk_free(random_walk *walk)
{
    free(walk->lower);
    free(walk->gain);
    free(walk->residual);
    free(walk->length);
    free(walk->whitened);
    free(walk->ahead);
    *walk = (random_walk){0};
}

void random_walk_run(const random_walk *walk, const growth_windows *windows, double *location, double *s2)
{
    size_t n = walk->changes, horizon = walk->horizon;
    double *z = walk->whitened;
    for (size_t i = 0; i < n; i++) z[i] = windows->change[i];
    dense_forward(walk->lower, n, z, 1);
    double drift = dense_dot(walk->length, z, n) / dense_dot(walk->length, walk->length, n);
    for (size_t i = 0; i < n; i++) z[i] -= drift * walk->length[i];
    *s2 = dense_dot(z, z, n) / (double)(n - 1);
    for (size_t h = 0; h < horizon; h++) {
        location[h] = windows->origin.log_level + drift * (double)(h + 1);
        for (size_t i = 0; i < n; i++) location[h] += walk->gain[i * horizon + h] * z[i];
    }
}

static void write_component(const random_walk *walk, const growth_windows *windows, double *df,
                            double *location, double *scale)
{
    double s2;
    random_walk_run(walk, windows, location, &s2);
    *df = (double)(walk->changes - 1);
    for (size_t c = 0; c < walk->horizon * walk->horizon; c++) scale[c] = s2 * walk->residual[c];
}

att_status att_random_walk_posterior(const att_observations *series, size_t horizon, double *df,
                                     double *location, double *scale)
{
    att_status status = att_growth_horizon_check(horizon);
    if (status != ATT_OK) return status;
    growth_windows windows;
    random_walk walk = {0};
    att_observations exact = *series;
    exact.error = NULL;
    status = growth_windows_init(&windows, series->rows);
    if (status == ATT_OK) status = growth_read(&exact, &windows, NULL, NULL);
    if (status == ATT_OK) status = random_walk_init(&walk, &windows, horizon);
    if (status == ATT_OK) write_component(&walk, &windows, df, location, scale);
    random_walk_free(&walk);
    growth_windows_free(&windows);
    return status;
}
