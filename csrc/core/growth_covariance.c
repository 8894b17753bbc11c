/* How do log changes over windows of years vary together?
 *
 * The growth of year t is g_t = mu_t + sigma_t x_t: mu_t drifts around m0 with persistence rho and variance k0, x_t
 * is white noise of variance w plus an AR(1) of persistence phi and variance v = q / (1 - phi^2), and sigma_t^2 =
 * (1 + age)^d, age the years by which t lies before the last one seen. With D_a = g_{a+1} + ... + g_E, counted
 * back from the end E of the horizon, a change over (a, b] is D_a - D_b, so that recent changes, and those ahead,
 * are differences of small numbers. Of one AR(1) with variance v and persistence phi, going back a year at a time,
 *     Var(D_{t-1})      = Var(D_t) + 2 sigma_t phi C_t + sigma_t^2 v,        C_t = Cov(D_t, x_{t+1})
 *     C_{t-1}           = phi C_t + sigma_t v
 *     Cov(D_a, D_c)     = Var(D_a) + C_a (phi sigma_a + phi^2 sigma_{a-1} + ... + phi^{a-c} sigma_{c+1}),  c < a.
 * A drift that never fades, rho = 1, adds k0 times both lengths. Figures of one scope that share an end share its
 * measurement error, with the sign of that end. So do changes that share a row with an error of its own; a year
 * ahead is the change since the origin's figure as published, whose errors it so carries with a minus.
 */
#include "growth_covariance.h"

#include <math.h>
#include <stdlib.h>

#include "dense.h"
#include "memory.h"

/* A pivot below this share of its variance is rounding: the row is determined by the others. */
static const double SINGULAR = 1e-10;

att_status growth_kernel_init(growth_kernel *kernel, const growth_calendar *calendar)
{
    size_t m = calendar->nodes, span = (size_t)(calendar->year[0] - calendar->year[m - 1]);
    *kernel = (growth_kernel){.calendar = calendar, .d = NAN};
    kernel->sigma = new_block(span + 1, 1, 1, sizeof(double));
    kernel->path = new_block(m, m, 1, sizeof(double));
    kernel->noise = new_block(m, 1, 1, sizeof(double));
    return kernel->sigma && kernel->path && kernel->noise ? ATT_OK : ATT_NO_MEMORY;
}

void growth_kernel_free(growth_kernel *kernel)
{
    free(kernel->sigma);
    free(kernel->path);
    free(kernel->noise);
    *kernel = (growth_kernel){0};
}

/* Points with one d often stand together in a prior: the powers are taken once for all of them. */
static void set_volatility(growth_kernel *kernel, double d)
{
    const growth_calendar *calendar = kernel->calendar;
    int32_t first = calendar->year[calendar->nodes - 1];
    if (kernel->d == d) return;
    kernel->d = d;
    for (int32_t t = first; t <= calendar->year[0]; t++) {
        double age = t < calendar->seen ? (double)(calendar->seen - t) : 0;
        kernel->sigma[t - first] = d > 0 ? pow(1 + age, d / 2) : 1;
    }
}

/* Adds to row a of the path the covariances of D_a with what lies further back; sigma NULL: 1 in all years. */
static void add_further_back(growth_kernel *kernel, double phi, const double *sigma, size_t a,
                             double variance, double c)
{
    const growth_calendar *calendar = kernel->calendar;
    size_t m = calendar->nodes;
    double reach = 0, power = phi;
    for (size_t node = a; node < m; node++) {
        kernel->path[a * m + node] += variance + c * reach;
        if (node + 1 == m || phi == 0) continue;
        for (int32_t t = calendar->year[node]; t > calendar->year[node + 1]; t--) {
            reach += sigma ? power * sigma[t - calendar->year[m - 1]] : power;
            power *= phi;
        }
    }
}

/* Adds one AR(1) of persistence phi and variance v, and white noise of variance w. */
static void add_process(growth_kernel *kernel, double phi, double v, double w, const double *sigma)
{
    const growth_calendar *calendar = kernel->calendar;
    double variance = 0, c = 0;
    int32_t t = calendar->year[0];
    for (size_t a = 0; a < calendar->nodes; a++) {
        for (; t > calendar->year[a]; t--) {
            double scale = sigma ? sigma[t - calendar->year[calendar->nodes - 1]] : 1;
            variance += 2 * scale * phi * c + scale * scale * (v + w);
            c = phi * c + scale * v;
        }
        add_further_back(kernel, phi, sigma, a, variance, c);
    }
}

void growth_kernel_take(growth_kernel *kernel, const prior_point *point)
{
    const growth_calendar *calendar = kernel->calendar;
    size_t m = calendar->nodes;
    set_volatility(kernel, point->d);
    for (size_t i = 0; i < m * m; i++) kernel->path[i] = 0;
    add_process(kernel, point->phi, point->q / (1 - point->phi * point->phi), point->w, kernel->sigma);
    if (point->rho < 1) add_process(kernel, point->rho, point->k0, 0, NULL);
    kernel->drift = point->rho < 1 ? 0 : point->k0;
    for (size_t a = 0; a < m; a++) {
        double sigma = kernel->sigma[calendar->year[a] - calendar->year[m - 1]];
        kernel->noise[a] = point->r * sigma * sigma;
    }
}

int growth_kernel_alike(const prior_point *a, const prior_point *b)
{
    return a->phi == b->phi && a->r == b->r && a->w == b->w && a->q == b->q && a->k0 == b->k0 &&
           a->rho == b->rho && a->d == b->d;
}

static double path_between(const growth_kernel *kernel, size_t a, size_t b)
{
    return kernel->path[a < b ? a * kernel->calendar->nodes + b : b * kernel->calendar->nodes + a];
}

/* Covariance of the windows x and y of the calendar. */
static double covariance(const growth_kernel *kernel, size_t x, size_t y, int same_scope)
{
    const growth_calendar *c = kernel->calendar;
    size_t a = c->from[x], b = c->to[x], p = c->from[y], q = c->to[y];
    double path = path_between(kernel, a, p) - path_between(kernel, a, q) - path_between(kernel, b, p) +
                  path_between(kernel, b, q);
    double years = (double)(c->year[b] - c->year[a]) * (double)(c->year[q] - c->year[p]);
    double sum = path + kernel->drift * years;
    if (!same_scope) return sum;
    if (a == p) sum += kernel->noise[a];
    if (b == q) sum += kernel->noise[b];
    if (a == q) sum -= kernel->noise[a];
    if (b == p) sum -= kernel->noise[b];
    return sum;
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
        int32_t scope = windows->window[i].scope;
        for (size_t j = 0; j <= i; j++)
            changes[i * n + j] = covariance(kernel, i, j, scope == windows->window[j].scope);
        for (size_t h = 0; h < horizon; h++)
            cross[i * horizon + h] = covariance(kernel, i, n + h, scope == windows->origin.scope);
    }
    for (size_t h = 0; h < horizon; h++) {
        for (size_t k = 0; k < horizon; k++) ahead[h * horizon + k] = covariance(kernel, n + h, n + k, 1);
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
