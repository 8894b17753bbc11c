/* What is left of a mixture when linear functionals of its path are fixed? */
#include <math.h>
#include <string.h>

#include "attain/mixture.h"
#include "dense.h"

#define ROUNDING 1e-13 /* as of the variances of margins */

/* One component under one condition after the other. */
typedef struct {
    size_t horizon;
    double df, log_weight;
    double *location, *scale, *pull; /* pull: S row */
} component;

/* pull = S row; returns row' S row, or 0 where that is rounding. */
static double variance_of(const component *c, const double *row)
{
    double variance = 0, size = 0;
    for (size_t h = 0; h < c->horizon; h++) {
        c->pull[h] = dense_dot(c->scale + h * c->horizon, row, c->horizon);
        variance += row[h] * c->pull[h];
        for (size_t j = 0; j < c->horizon; j++) size += fabs(row[h] * c->scale[h * c->horizon + j] * row[j]);
    }
    return variance > ROUNDING * size ? variance : 0;
}

/* S becomes factor (S - pull pull' / variance); a year of which nothing is left has a row and a column of nothing. */
static void take_out(component *c, double variance, double factor)
{
    size_t n = c->horizon;
    for (size_t h = 0; h < n; h++) {
        double own = c->scale[h * (n + 1)], left = own - c->pull[h] * c->pull[h] / variance;
        if (left <= ROUNDING * own) c->scale[h * (n + 1)] = -1; /* to be cleared */
    }
    for (size_t h = 0; h < n; h++) {
        for (size_t j = 0; j < h; j++) {
            int gone = c->scale[h * (n + 1)] < 0 || c->scale[j * (n + 1)] < 0;
            double left = c->scale[h * n + j] - c->pull[h] * c->pull[j] / variance;
            c->scale[h * n + j] = c->scale[j * n + h] = gone ? 0 : factor * left;
        }
    }
    for (size_t h = 0; h < n; h++) {
        double *own = &c->scale[h * (n + 1)];
        *own = *own < 0 ? 0 : factor * (*own - c->pull[h] * c->pull[h] / variance);
    }
}

/* The one year that a row names, or the horizon. */
static size_t only_year(const double *row, size_t horizon)
{
    size_t years = 0, year = horizon;
    for (size_t h = 0; h < horizon; h++) {
        if (row[h] == 0) continue;
        years++;
        year = h;
    }
    return years == 1 ? year : horizon;
}

static att_status condition_on(component *c, const double *row, double value)
{
    double variance = variance_of(c, row), error = value - dense_dot(row, c->location, c->horizon);
    if (!isfinite(variance) || !isfinite(error)) return ATT_NOT_FINITE;
    if (variance <= 0) return ATT_DEGENERATE;
    double distance = error / sqrt(variance);
    double factor = isinf(c->df) ? 1 : (c->df + distance * distance) / (c->df + 1);
    c->log_weight += att_log_density(distance, c->df) - 0.5 * log(variance);
    for (size_t h = 0; h < c->horizon; h++) c->location[h] += c->pull[h] * (error / variance);
    size_t year = only_year(row, c->horizon);
    if (year < c->horizon) c->location[year] = value / row[year]; /* to the last digit */
    take_out(c, variance, factor);
    c->df += 1;
    return ATT_OK;
}

/* Log weights to weights of sum 1. */
static att_status normalise(double *weight, size_t components)
{
    double most = -INFINITY, total = 0;
    for (size_t k = 0; k < components; k++) most = fmax(most, weight[k]);
    if (!(most > -INFINITY)) return ATT_NO_PRECISION;
    for (size_t k = 0; k < components; k++) total += weight[k] = exp(weight[k] - most);
    for (size_t k = 0; k < components; k++) weight[k] /= total;
    return ATT_OK;
}

static att_status check(const att_mixture *m, size_t conditions, const double *row, const double *value)
{
    double total = 0;
    if (!m || !m->weight || !m->df || !m->location || !m->scale || !row || !value) return ATT_BAD_ARGUMENT;
    if (m->components == 0 || m->horizon == 0) return ATT_BAD_ARGUMENT;
    for (size_t k = 0; k < m->components; k++) {
        if (!isfinite(m->weight[k]) || isnan(m->df[k])) return ATT_NOT_FINITE;
        if (m->weight[k] < 0 || m->df[k] < 0.1) return ATT_BAD_ARGUMENT;
        total += m->weight[k];
    }
    for (size_t c = 0; c < conditions * m->horizon; c++)
        if (!isfinite(row[c])) return ATT_NOT_FINITE;
    return fabs(total - 1) <= 1e-9 ? ATT_OK : ATT_BAD_ARGUMENT;
}

att_status att_mixture_condition(const att_mixture *mixture, size_t conditions, const double *row,
                                 const double *value, double *weight, double *df, double *location,
                                 double *scale, double *scratch)
{
    att_status status = check(mixture, conditions, row, value);
    if (status != ATT_OK) return status;
    if (!weight || !df || !location || !scale || !scratch) return ATT_BAD_ARGUMENT;
    size_t n = mixture->horizon, components = mixture->components;
    memcpy(location, mixture->location, components * n * sizeof *location);
    memcpy(scale, mixture->scale, components * n * n * sizeof *scale);
    for (size_t k = 0; k < components; k++) {
        component one = {n,      mixture->df[k], log(mixture->weight[k]), location + k * n, scale + k * n * n,
                         scratch};
        for (size_t c = 0; status == ATT_OK && c < conditions; c++)
            status = condition_on(&one, row + c * n, value[c]);
        if (status != ATT_OK) return status;
        weight[k] = one.log_weight;
        df[k] = one.df;
    }
    return normalise(weight, components);
}
