/* Which shifts make the worst weight of a separation smallest?
 *
 * With T the loads of the first rows, t_v = d_v + sum_{j < v} T_vj x_j the distance by which the interval of v has
 * moved down, and m, w mean and variance of a standard normal cut to it,
 *
 *     d psi / d d_v = d_v - x_v + m_v                 d2 psi / d d d d = diag(w)
 *     d psi / d x_j = -d_j + sum_v T_vj m_v           d2 psi / d d d x = -I - (I - w) T =: B
 *                                                     d2 psi / d x d x = -T' (I - w) T
 *
 * Newton's step eliminates d, which leaves the positive definite T'(I - w)T + B' B / w. The last variable has no d and
 * no x of its own. Steps are halved until the gradient gets shorter, which Newton's direction always allows.
 */
#include "rectangle_tilt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "memory.h"
#include "normal_interval.h"

#define MAX_STEPS 60
#define MAX_HALVINGS 30
#define CLOSE_ENOUGH 1e-6

static const double *row_of(const tilt_work *w, size_t v)
{
    return w->bounds->load + w->bounds->first[v] * w->bounds->variables;
}

/* Gradient at (x, d), and the square of its length. */
static double evaluate(tilt_work *w, const double *x, const double *d)
{
    double square = 0;
    w->psi = 0;
    for (size_t j = 0; j < w->free; j++) w->slope_x[j] = -d[j];
    for (size_t v = 0; v <= w->free; v++) {
        const double *load = row_of(w, v);
        size_t row = w->bounds->first[v];
        double moved = d[v] + dense_dot(load, x, v);
        normal_interval cut = normal_interval_of(w->bounds->lower[row] * w->ratio - moved,
                                                 w->bounds->upper[row] * w->ratio - moved);
        w->psi += d[v] * (0.5 * d[v] - x[v]) + cut.log_mass;
        w->mean[v] = cut.mean;
        w->variance[v] = cut.variance;
        for (size_t j = 0; j < v; j++) w->slope_x[j] += load[j] * cut.mean;
        if (v < w->free) w->slope_d[v] = d[v] - x[v] + cut.mean;
    }
    for (size_t j = 0; j < w->free; j++)
        square += w->slope_x[j] * w->slope_x[j] + w->slope_d[j] * w->slope_d[j];
    return square;
}

static void fill_form(tilt_work *w)
{
    size_t n = w->free;
    memset(w->form, 0, n * n * sizeof(double));
    for (size_t v = 0; v <= n; v++) {
        const double *load = row_of(w, v);
        double lost = 1 - w->variance[v];
        for (size_t i = 0; i < v; i++)
            for (size_t j = 0; j <= i; j++) w->form[i * n + j] += load[i] * lost * load[j];
        if (v == n) break;
        for (size_t j = 0; j < n; j++) w->cross[v * n + j] = j < v ? -lost * load[j] : j == v ? -1 : 0;
        for (size_t i = 0; i <= v; i++)
            for (size_t j = 0; j <= i; j++)
                w->form[i * n + j] += w->cross[v * n + i] * w->cross[v * n + j] / w->variance[v];
    }
}

/* Newton's step; 0 when its matrix is singular. */
static int find_step(tilt_work *w)
{
    size_t n = w->free;
    fill_form(w);
    for (size_t j = 0; j < n; j++) w->step_x[j] = w->slope_x[j];
    for (size_t v = 0; v < n; v++)
        for (size_t j = 0; j <= v; j++) w->step_x[j] -= w->cross[v * n + j] * w->slope_d[v] / w->variance[v];
    if (isnan(dense_cholesky(w->form, n, 1e-14))) return 0;
    dense_forward(w->form, n, w->step_x, 1);
    dense_backward(w->form, n, w->step_x);
    for (size_t v = 0; v < n; v++)
        w->step_d[v] = -(w->slope_d[v] + dense_dot(w->cross + v * n, w->step_x, v + 1)) / w->variance[v];
    return 1;
}

/* Moves along the step as far as the gradient gets shorter; its square, or NAN. */
static double advance(tilt_work *w, double square)
{
    double length = 1;
    for (int halvings = 0; halvings < MAX_HALVINGS; halvings++, length *= 0.5) {
        for (size_t j = 0; j < w->free; j++) {
            w->trial_x[j] = w->x[j] + length * w->step_x[j];
            w->trial_d[j] = w->d[j] + length * w->step_d[j];
        }
        double now = evaluate(w, w->trial_x, w->trial_d);
        if (now < (1 - 0.1 * length) * square) {
            memcpy(w->x, w->trial_x, w->free * sizeof(double));
            memcpy(w->d, w->trial_d, w->free * sizeof(double));
            return now;
        }
    }
    return NAN;
}

static int find_saddle(tilt_work *w)
{
    double square = evaluate(w, w->x, w->d);
    for (int steps = 0; steps < MAX_STEPS && square > CLOSE_ENOUGH * CLOSE_ENOUGH; steps++) {
        if (!find_step(w)) return 0;
        square = advance(w, square);
    }
    return square <= CLOSE_ENOUGH * CLOSE_ENOUGH;
}

/* All vectors and matrices stand in one block. */
static void lay_out(tilt_work *w, double *block)
{
    size_t n = w->free, whole = n + 1;
    double **vectors[] = {&w->x,       &w->d,      &w->mean,   &w->variance, &w->slope_x,
                          &w->slope_d, &w->step_x, &w->step_d, &w->trial_x,  &w->trial_d};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++, block += whole) *vectors[i] = block;
    w->cross = block;
    w->form = block + n * n;
}

att_status rectangle_tilt_open(const separation *bounds, tilt_work *work)
{
    *work = (tilt_work){.bounds = bounds, .free = bounds->variables - 1};
    double *block = new_block(work->free + 1, 2 * work->free + 10, 1, sizeof(double));
    if (!block) return ATT_NO_MEMORY;
    lay_out(work, block);
    return ATT_OK;
}

void rectangle_tilt_free(tilt_work *work)
{
    free(work->x); /* the block begins with it */
    *work = (tilt_work){0};
}

/* Each variable at its mean, given those before it; no shifts. */
static double rough_log_probability(tilt_work *w)
{
    double log_probability = 0;
    for (size_t v = 0; v <= w->free; v++) {
        size_t row = w->bounds->first[v];
        double moved = dense_dot(row_of(w, v), w->mean, v);
        normal_interval cut = normal_interval_of(w->bounds->lower[row] * w->ratio - moved,
                                                 w->bounds->upper[row] * w->ratio - moved);
        w->mean[v] = cut.mean;
        log_probability += cut.log_mass;
    }
    return log_probability;
}

int rectangle_tilt(tilt_work *w, double ratio, double *psi)
{
    w->ratio = ratio;
    int found = find_saddle(w);
    if (!found) {
        memset(w->x, 0, 2 * (w->free + 1) * sizeof(double)); /* x, and d behind it */
        found = find_saddle(w);
    }
    *psi = w->psi;
    if (found) return 1;
    memset(w->x, 0, 2 * (w->free + 1) * sizeof(double));
    *psi = rough_log_probability(w);
    return 0;
}
