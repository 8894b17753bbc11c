/* How do log changes over windows of years vary together?
 *
 * The path l has stationary increments, so with V(n) the variance of its change over n years
 *     Cov(l_b - l_a, l_d - l_c) = (V(|b - c|) + V(|a - d|) - V(|b - d|) - V(|a - c|)) / 2,
 * the unknown long-run growth adds its variance times both lengths, and figures of one scope that share an
 * end share its measurement error, with the sign of that end. So do changes that share a row with an error
 * of its own; a year ahead is the change since the origin's figure as published, whose errors it so carries
 * with a minus.
 */
#include "growth_covariance.h"

#include <math.h>
#include <stdlib.h>

#include "dense.h"

/* A pivot below this share of its variance is rounding: the row is determined by the others. */
static const double SINGULAR = 1e-10;

size_t growth_span(const growth_windows *windows, size_t horizon)
{
    int32_t first = windows->origin.year, last = windows->origin.year;
    for (size_t i = 0; i < windows->count; i++) {
        if (windows->window[i].from < first) first = windows->window[i].from;
        if (windows->window[i].to > last) last = windows->window[i].to;
    }
    size_t ahead = (size_t)(windows->origin.year - first) + horizon;
    size_t seen = (size_t)(last - first);
    return seen > ahead ? seen : ahead;
}

void growth_variogram(double phi, double w, double q, size_t span, double *variogram)
{
    double stationary = q / (1 - phi * phi), power = 1, step = stationary;
    variogram[0] = 0;
    for (size_t n = 1; n <= span; n++) {
        variogram[n] = variogram[n - 1] + step + w;
        power *= phi;
        step += 2 * stationary * power;
    }
}

static double covariance(const growth_kernel *kernel, growth_window x, growth_window y)
{
    const double *v = kernel->variogram;
    double path =
        (v[abs(x.to - y.from)] + v[abs(x.from - y.to)] - v[abs(x.to - y.to)] - v[abs(x.from - y.from)]) / 2;
    double drift = kernel->drift * (double)(x.to - x.from) * (double)(y.to - y.from);
    if (x.scope != y.scope) return path + drift;
    int ends = (x.to == y.to) + (x.from == y.from) - (x.to == y.from) - (x.from == y.to);
    return path + drift + kernel->measurement * ends;
}

/* The change since the true figure of the origin. */
static growth_window window_ahead(const growth_windows *windows, size_t h)
{
    const growth_error none = {GROWTH_NO_ROW, 0, 0};
    return (growth_window){windows->origin.year, windows->origin.year + (int32_t)h + 1, windows->origin.scope,
                           none, none};
}

typedef double variance_kind(growth_error error);

static double looseness_of(growth_error error)
{
    return error.looseness;
}

static double variance_of(growth_error error)
{
    return error.variance;
}

static double shared(growth_error a, growth_error b, variance_kind *variance)
{
    return a.row == b.row && a.row != GROWTH_NO_ROW ? variance(a) : 0;
}

static double shared_error(growth_window x, growth_window y, variance_kind *variance)
{
    return shared(x.end, y.end, variance) + shared(x.base, y.base, variance) -
           shared(x.end, y.base, variance) - shared(x.base, y.end, variance);
}

/* Adds one kind of error to the covariances; those of the origin are in every year ahead alike. */
static void add_errors(const growth_windows *windows, variance_kind *variance, size_t horizon,
                       double *changes, double *cross, double *ahead)
{
    size_t n = windows->count;
    double origin = 0;
    for (size_t i = 0; i < n; i++) {
        growth_window window = windows->window[i];
        double with_origin = 0;
        for (size_t j = 0; j <= i; j++)
            changes[i * n + j] += shared_error(window, windows->window[j], variance);
        for (size_t a = 0; a < windows->anchors; a++)
            with_origin -= shared(window.end, windows->anchor[a], variance); /* no base is an anchor */
        for (size_t h = 0; h < horizon; h++) cross[i * horizon + h] += with_origin;
    }
    for (size_t a = 0; a < windows->anchors; a++) origin += variance(windows->anchor[a]);
    for (size_t i = 0; i < horizon * horizon; i++) ahead[i] += origin;
}

void growth_covariances(const growth_kernel *kernel, const growth_windows *windows, size_t horizon,
                        double *changes, double *cross, double *ahead)
{
    size_t n = windows->count;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++)
            changes[i * n + j] = covariance(kernel, windows->window[i], windows->window[j]);
        for (size_t h = 0; h < horizon; h++) {
            cross[i * horizon + h] = covariance(kernel, windows->window[i], window_ahead(windows, h));
        }
    }
    for (size_t h = 0; h < horizon; h++) {
        for (size_t k = 0; k < horizon; k++) {
            ahead[h * horizon + k] = covariance(kernel, window_ahead(windows, h), window_ahead(windows, k));
        }
    }
    if (windows->is_loose) add_errors(windows, looseness_of, horizon, changes, cross, ahead);
}

void growth_error_covariances(const growth_windows *windows, size_t horizon, double *changes, double *cross,
                              double *ahead)
{
    size_t n = windows->count;
    for (size_t i = 0; i < n * n; i++) changes[i] = 0;
    for (size_t i = 0; i < n * horizon; i++) cross[i] = 0;
    for (size_t i = 0; i < horizon * horizon; i++) ahead[i] = 0;
    add_errors(windows, variance_of, horizon, changes, cross, ahead);
}

double growth_solve(size_t n, size_t horizon, double *lower, double *gain, double *residual)
{
    double log_det = dense_cholesky(lower, n, SINGULAR);
    if (isnan(log_det)) return NAN;
    dense_forward(lower, n, gain, horizon);
    for (size_t i = 0; i < n; i++) {
        const double *g = gain + i * horizon;
        for (size_t h = 0; h < horizon; h++) {
            for (size_t k = 0; k < horizon; k++) residual[h * horizon + k] -= g[h] * g[k];
        }
    }
    return log_det;
}

double growth_condition(const growth_kernel *kernel, const growth_windows *windows, size_t horizon,
                        double *lower, double *gain, double *residual)
{
    growth_covariances(kernel, windows, horizon, lower, gain, residual);
    return growth_solve(windows->count, horizon, lower, gain, residual);
}
