/* The scores of a margin. The CRPS of one component has a closed form (Jordan, Krueger & Lerch 2019, appendix
 * A.2); that of several is one integral over the distance t from y,
 *
 *     integral of P(X <= y - t)^2 + P(X >= y + t)^2 over t > 0,
 *
 * positive, so that nothing cancels, and finite wherever every df is above 1/2. With t = s exp(u - exp(-u)) the
 * integrand dies doubly exponentially at t = 0 and like exp(-(2 df - 1) u) far out, and the trapezoidal rule in
 * u converges geometrically (Takahasi & Mori 1974): halving the step squares the error, so that the
 * difference of two rules bounds what the finer one leaves.
 */
#include "margin_score.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#include "margin_table.h"

#define NEAREST (-3.75)  /* t = s exp(-46) */
#define FARTHEST 340.0   /* the square of t is still a double */
#define NEGLIGIBLE 1e-14 /* a term of the sum against the sum */
#define AGREEMENT 1e-7   /* of two rules */
#define LEAST_SCALE                                                                                          \
    1e-14 /* in units of X, and of the location: below it rounding is all the spread there is */
#define LEAST_CLOSED 1.001 /* df: below it the closed form is a small difference of large numbers */
#define SQRT_PI 1.77245385090551602730
enum { MAX_HALVINGS = 14 };

att_status score_margin_pack(const att_margin *margin, const t_table *tables, const unsigned char *table_of,
                             score_component *scratch, score_margin *packed)
{
    size_t used = 0;
    for (size_t k = 0; k < margin->components; k++) {
        if (!isfinite(margin->location[k]) || !isfinite(margin->scale[k])) return ATT_NOT_FINITE;
        if (margin->weight[k] < LEAST_WEIGHT) continue;
        int known = margin->scale[k] <= LEAST_SCALE * fmax(1, fabs(margin->location[k]));
        scratch[used++] =
            (score_component){tables ? &tables[table_of[k]] : NULL, margin->df[k], margin->weight[k],
                              margin->location[k], known ? INFINITY : 1 / margin->scale[k]};
    }
    *packed = (score_margin){used, scratch};
    return used > 0 ? ATT_OK : ATT_BAD_ARGUMENT;
}

/* The place of x, in scales; a known value lies on both sides of itself. */
static double standardized(const score_component *c, double x, att_side side)
{
    if (x == c->location) return isfinite(c->rate) ? 0 : side == ATT_LOWER ? INFINITY : -INFINITY;
    return (x - c->location) * c->rate;
}

static double far_tail(const score_component *c, double z)
{
    if (!c->table) return exp(att_log_tail(fabs(z), c->df, ATT_UPPER));
    double tail, density;
    t_table_at(c->table, z, &tail, &density);
    return tail;
}

double score_tail(const score_margin *margin, double x, att_side side)
{
    double total = 0;
    for (size_t k = 0; k < margin->components; k++) {
        const score_component *c = &margin->component[k];
        double z = standardized(c, x, side), far = far_tail(c, z);
        total += c->weight * ((side == ATT_UPPER) == (z >= 0) ? far : 1 - far);
    }
    return total;
}

static double log_density_of(const score_component *c, double x)
{
    if (isinf(c->rate)) return x == c->location ? INFINITY : -INFINITY;
    return log(c->weight * c->rate) + att_log_density((x - c->location) * c->rate, c->df);
}

double score_log_density(const score_margin *margin, double x)
{
    double peak = -INFINITY, sum = 0;
    for (size_t k = 0; k < margin->components; k++)
        peak = fmax(peak, log_density_of(&margin->component[k], x));
    if (isinf(peak)) return peak;
    for (size_t k = 0; k < margin->components; k++)
        sum += exp(log_density_of(&margin->component[k], x) - peak);
    return peak + log(sum);
}

typedef struct {
    const score_margin *margin;
    double y;
    double scale; /* s */
    double reach; /* no component's middle is farther from y */
} crps_integral;

/* The sum of the integrand at first, first + step, ...; NaN when it has not died out at FARTHEST. */
static double sum_of_nodes(const crps_integral *q, double first, double step)
{
    double sum = 0;
    for (double u = first; u <= FARTHEST; u += step) {
        double near = exp(-u), t = q->scale * exp(u - near);
        double below = score_tail(q->margin, q->y - t, ATT_LOWER);
        double above = score_tail(q->margin, q->y + t, ATT_UPPER);
        double term = t * (1 + near) * (below * below + above * above);
        sum += term;
        if (t > q->reach && term <= NEGLIGIBLE * sum) return sum;
    }
    return NAN;
}

static att_status integrate(const crps_integral *q, double *crps)
{
    double step = 0.5, rule = step * sum_of_nodes(q, NEAREST, step);
    for (int halvings = 0; halvings < MAX_HALVINGS && isfinite(rule); halvings++) {
        double finer = 0.5 * (rule + step * sum_of_nodes(q, NEAREST + 0.5 * step, step));
        double apart = fabs(finer - rule);
        rule = *crps = finer;
        step *= 0.5;
        if (apart <= AGREEMENT * rule) return ATT_OK;
    }
    return ATT_NO_CONVERGENCE;
}

/* E|X - X'| / 2 of the standard t, df > 1, or normal. */
static att_status half_spread(double df, double *half)
{
    gsl_sf_result once, twice;
    *half = 1 / SQRT_PI;
    if (isinf(df)) return ATT_OK;
    if (gsl_sf_lnbeta_e(0.5, df - 0.5, &once) || gsl_sf_lnbeta_e(0.5, df / 2, &twice))
        return ATT_NO_CONVERGENCE;
    *half = 2 * sqrt(df) / (df - 1) * exp(once.val - 2 * twice.val);
    return ATT_OK;
}

/* E|X - y| less half the spread. */
static att_status closed_form(const score_component *c, double y, double *crps)
{
    double z = fabs(y - c->location) * c->rate, half;
    double pull = isinf(c->df) ? 1 : (c->df + z * z) / (c->df - 1);
    att_status status = half_spread(c->df, &half);
    *crps = (z * (1 - 2 * far_tail(c, z)) + 2 * exp(att_log_density(z, c->df)) * pull - half) / c->rate;
    return status;
}

att_status score_crps(const score_margin *margin, double y, double *crps)
{
    crps_integral q = {.margin = margin, .y = y};
    const score_component *first = margin->component;
    double least_df = INFINITY;
    for (size_t k = 0; k < margin->components; k++) {
        const score_component *c = &margin->component[k];
        least_df = fmin(least_df, c->df);
        q.scale += c->weight / c->rate;
        q.reach = fmax(q.reach, fabs(y - c->location) + 1 / c->rate);
    }
    *crps = q.scale > 0 ? INFINITY : q.reach;
    if (margin->components == 1 && q.scale == 0) return ATT_OK;
    if (margin->components == 1 && first->df >= LEAST_CLOSED) return closed_form(first, y, crps);
    return q.scale > 0 && least_df <= 0.5 ? ATT_OK : integrate(&q, crps);
}
