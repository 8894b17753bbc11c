/* What do the changes seen say about the years ahead when some errors are known beforehand, in log units?
 *
 * Then the variances are no longer multiples of s2, and s2 has no closed form. Given a point of the prior and
 * s2, though, changes z and log changes ahead f are jointly normal with covariance s2 [C, X; X', A] + D, D
 * that of the errors. So x = log s2 takes N = ATT_SCALE_NODES values x_j, each of which gives one normal
 * component with weight
 *     prior weight * p(x_j) * N(z; m0 length, s2 C + D) * (x_{j+1} - x_j).
 * p(x) N(z | x) is analytic, falls double exponentially to the left and as exp(-(a0 + n/2) x) at last to the
 * right. In u with x = mode + width sinh(u) both ends fall double exponentially, and the trapezoidal rule
 * over where it is above exp(-DEPTH) of its mode converges geometrically [1].
 *
 * [1] H. Takahasi and M. Mori, Publ. RIMS 9 (1974), 721-741, eq. (1.9)
 */
#include "growth_nodes.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>

#include "dense.h"
#include "growth_covariance.h"
#include "growth_point.h"
#include "memory.h"

/* Logs below the mode at which the posterior of s2 is cut, and at which it may be if precision ends there. */
static const double DEPTH = 25, SHALLOWEST = 16;

typedef struct {
    double *changes; /* (n, n) */
    double *cross;   /* (n, H) */
    double *ahead;   /* (H, H) */
} covariances;

typedef struct {
    const growth_windows *windows;
    size_t changes, horizon;
    prior_point point;
    covariances scaled, known, node; /* C, X, A of the point; of the errors; at one s2, then solved */
    double *whitened;                /* (n) L^-1 (z - m0 length) */
    double *variogram;               /* (span + 1) */
    double log_gamma_star;           /* of a0 */
} node_work;

typedef struct {
    double mode, width;
    double first, step; /* of u */
} node_grid;

static int allocate_covariances(covariances *c, size_t n, size_t horizon)
{
    c->changes = new_block(n, n, 1, sizeof(double));
    c->cross = new_block(n, horizon, 1, sizeof(double));
    c->ahead = new_block(horizon, horizon, 1, sizeof(double));
    return c->changes && c->cross && c->ahead;
}

static void free_covariances(covariances *c)
{
    free(c->changes);
    free(c->cross);
    free(c->ahead);
}

static att_status work_init(node_work *w, const growth_windows *windows, size_t horizon)
{
    size_t n = windows->count;
    *w = (node_work){.windows = windows, .changes = n, .horizon = horizon};
    w->whitened = new_block(n, 1, 1, sizeof(double));
    w->variogram = new_block(growth_span(windows, horizon) + 1, 1, 1, sizeof(double));
    int ready = allocate_covariances(&w->scaled, n, horizon) && allocate_covariances(&w->known, n, horizon) &&
                allocate_covariances(&w->node, n, horizon) && w->whitened && w->variogram;
    if (!ready) return ATT_NO_MEMORY;
    growth_error_covariances(windows, horizon, w->known.changes, w->known.cross, w->known.ahead);
    return ATT_OK;
}

static void work_free(node_work *w)
{
    free_covariances(&w->scaled);
    free_covariances(&w->known);
    free_covariances(&w->node);
    free(w->whitened);
    free(w->variogram);
}

static att_status take_point(node_work *w, prior_point point)
{
    gsl_sf_result star;
    w->point = point;
    growth_variogram(point.phi, point.w, point.q, growth_span(w->windows, w->horizon), w->variogram);
    growth_kernel kernel = {point.k0, point.r, w->variogram};
    growth_covariances(&kernel, w->windows, w->horizon, w->scaled.changes, w->scaled.cross, w->scaled.ahead);
    if (gsl_sf_gammastar_e(point.a0, &star) != GSL_SUCCESS) return ATT_NO_PRECISION;
    w->log_gamma_star = log(star.val);
    return ATT_OK;
}

/* Log density of x = log s2: with d = x - log s0^2, a0^a0 / Gamma(a0) exp(-a0 (d + exp(-d))), in a form that
 * keeps its digits when a0 is large. */
static double log_prior(const node_work *w, double x)
{
    double a0 = w->point.a0, d = x - 2 * log(w->point.s0);
    return log(a0 / (2 * M_PI)) / 2 - w->log_gamma_star - a0 * (d + expm1(-d));
}

static void mix(const double *scaled, const double *known, double s2, size_t count, double *node)
{
    for (size_t i = 0; i < count; i++) node[i] = s2 * scaled[i] + known[i];
}

/* Log of prior density times marginal likelihood at x, up to a constant of n; the node's covariances stand
 * solved. NaN where the covariance is singular to working precision. `horizon` is 0 where only the value is
 * wanted. */
static double log_density(node_work *w, double x, size_t horizon)
{
    size_t n = w->changes;
    double s2 = exp(x), *u = w->whitened;
    mix(w->scaled.changes, w->known.changes, s2, n * n, w->node.changes);
    mix(w->scaled.cross, w->known.cross, s2, n * horizon, w->node.cross);
    mix(w->scaled.ahead, w->known.ahead, s2, horizon * horizon, w->node.ahead);
    double log_det = growth_solve(n, horizon, w->node.changes, w->node.cross, w->node.ahead);
    for (size_t i = 0; i < n; i++) {
        growth_window window = w->windows->window[i];
        u[i] = w->windows->change[i] - w->point.m0 * (double)(window.to - window.from);
    }
    dense_forward(w->node.changes, n, u, 1);
    return log_prior(w, x) - log_det / 2 - dense_dot(u, u, n) / 2;
}

/* Climbs from the prior's mode, in steps that halve down to a fraction of the width. */
static double find_mode(node_work *w, double width, double *top)
{
    double x = 2 * log(w->point.s0), here = log_density(w, x, 0);
    for (double step = 1; step > width / 4; step /= 2) {
        for (double side = -step; fabs(side) == step;) {
            double there = log_density(w, x + side, 0);
            if (there > here) {
                x += side;
                here = there;
            } else {
                side = side < 0 ? step : 0;
            }
        }
    }
    *top = here;
    return x;
}

/* Distance from the mode, to one side, at which the density has sunk by DEPTH; NaN when precision ends before
 * it has sunk far enough. */
static double find_end(node_work *w, const node_grid *grid, double top, double side)
{
    double sunk = 0, distance = 0;
    for (double next = grid->width; sunk < DEPTH; next *= 1.25) {
        double below = top - log_density(w, grid->mode + side * next, 0);
        if (isnan(below)) return sunk > SHALLOWEST ? distance : NAN;
        sunk = below;
        distance = next;
    }
    return distance;
}

static att_status find_grid(node_work *w, node_grid *grid)
{
    double top;
    grid->width = 1 / sqrt(w->point.a0 + (double)w->changes / 2);
    grid->mode = find_mode(w, grid->width, &top);
    if (isnan(top)) return ATT_NO_PRECISION;
    double left = find_end(w, grid, top, -1), right = find_end(w, grid, top, 1);
    grid->first = -asinh(left / grid->width);
    grid->step = (asinh(right / grid->width) - grid->first) / (ATT_SCALE_NODES - 1);
    return isfinite(grid->step) ? ATT_OK : ATT_NO_PRECISION;
}

/* Component of one node; returns its log weight, not yet normalised. */
static double run_node(node_work *w, const node_grid *grid, size_t j, double *location, double *scale)
{
    size_t n = w->changes, horizon = w->horizon;
    double u = grid->first + (double)j * grid->step;
    double density = log_density(w, grid->mode + grid->width * sinh(u), horizon);
    for (size_t h = 0; h < horizon; h++) {
        location[h] = w->windows->origin.log_level + w->point.m0 * (double)(h + 1);
        for (size_t i = 0; i < n; i++) location[h] += w->node.cross[i * horizon + h] * w->whitened[i];
    }
    for (size_t c = 0; c < horizon * horizon; c++) scale[c] = w->node.ahead[c];
    return log(w->point.weight) + density + log(grid->width * cosh(u) * grid->step);
}

static att_status run_point(node_work *w, prior_point point, double *weight, double *location, double *scale)
{
    size_t horizon = w->horizon;
    node_grid grid;
    att_status status = take_point(w, point);
    if (status == ATT_OK) status = find_grid(w, &grid);
    for (size_t j = 0; j < ATT_SCALE_NODES && status == ATT_OK; j++) {
        weight[j] = run_node(w, &grid, j, location + j * horizon, scale + j * horizon * horizon);
        if (isnan(weight[j])) status = ATT_NO_PRECISION;
    }
    return status;
}

att_status growth_nodes_run(const att_growth_prior *prior, const growth_windows *windows, size_t horizon,
                            double *weight, double *location, double *scale)
{
    node_work w;
    size_t count = prior->points * ATT_SCALE_NODES;
    att_status status = work_init(&w, windows, horizon);
    for (size_t g = 0; g < prior->points && status == ATT_OK; g++) {
        size_t k = g * ATT_SCALE_NODES;
        status = run_point(&w, point_of(prior->table, g), weight + k, location + k * horizon,
                           scale + k * horizon * horizon);
    }
    work_free(&w);
    if (status != ATT_OK) return status;
    growth_normalise(weight, count);
    int good = growth_all_finite(weight, count) && growth_all_finite(location, count * horizon) &&
               growth_all_finite(scale, count * horizon * horizon);
    return good ? ATT_OK : ATT_NO_PRECISION;
}
