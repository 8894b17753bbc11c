/* How likely is a linear functional of the horizon to fall here?
 *
 * Sums over components are sums of positive numbers, formed in logs. What could cancel is moved into one
 * component, where it does not: of two tails the smaller is summed and the larger is its complement; an
 * interval is, in each component, the difference of the two tails on the side where they are small, or, where
 * that difference is small against them, an integral of the density.
 */
#include "attain/mixture.h"

#include <float.h>
#include <math.h>

#include "dense.h"
#include "quantile_search.h"

#define WEIGHT_TOLERANCE 1e-9
#define VARIANCE_ROUNDING 1e-13
/* Five nodes integrate the density to 1e-14 up to here; from here on the two tails differ enough. */
#define NARROW 0.03
/* Tails of the normal up to here are summed as they are: a rounding of z costs z^2 times as much of them. */
#define NEAR 5.0

/* log of a sum of exponentials, term by term: exp(peak) * sum. */
typedef struct {
    double peak, sum;
} log_sum;

static const log_sum EMPTY_SUM = {-INFINITY, 0};

static void add_term(log_sum *total, double term)
{
    if (term == -INFINITY) return;
    if (term <= total->peak) {
        total->sum += exp(term - total->peak);
    } else {
        total->sum = total->sum * exp(total->peak - term) + 1;
        total->peak = term;
    }
}

static double log_of(log_sum total)
{
    return total.sum > 0 ? total.peak + log(total.sum) : -INFINITY;
}

/* log(1 - exp(x)), x <= 0. */
static double log_complement(double x)
{
    return x > LOG_HALF ? log(-expm1(x)) : log1p(-exp(x));
}

static double total_of(const double *weight, size_t components)
{
    double total = 0;
    for (size_t k = 0; k < components; k++) total += weight[k];
    return total;
}

static att_status check_components(size_t components, const double *weight, const double *df)
{
    if (components == 0 || !weight || !df) return ATT_BAD_ARGUMENT;
    for (size_t k = 0; k < components; k++) {
        if (!isfinite(weight[k]) || isnan(df[k])) return ATT_NOT_FINITE;
        if (weight[k] < 0 || df[k] < 0.1) return ATT_BAD_ARGUMENT;
    }
    return fabs(total_of(weight, components) - 1) <= WEIGHT_TOLERANCE ? ATT_OK : ATT_BAD_ARGUMENT;
}

static att_status check_margin(const att_margin *margin)
{
    if (!margin || !margin->location || !margin->scale) return ATT_BAD_ARGUMENT;
    att_status status = check_components(margin->components, margin->weight, margin->df);
    for (size_t k = 0; k < margin->components && status == ATT_OK; k++) {
        if (!isfinite(margin->location[k]) || !isfinite(margin->scale[k]))
            status = ATT_NOT_FINITE;
        else if (margin->scale[k] < 0)
            status = ATT_BAD_ARGUMENT;
    }
    return status;
}

/* Written so that an infinite x stays infinite, and a finite one stays finite. */
static double standardized(double x, double location, double scale)
{
    double z = (x - location) / scale;
    return isinf(x) ? x : fmin(fmax(z, -DBL_MAX), DBL_MAX);
}

static double component_log_tail(const att_margin *margin, size_t k, double x, att_side side)
{
    double location = margin->location[k], scale = margin->scale[k];
    if (scale > 0) return att_log_tail(standardized(x, location, scale), margin->df[k], side);
    return x == location || (x > location) == (side == ATT_LOWER) ? 0 : -INFINITY;
}

/* Whether a component's tail is a double with nearly all its digits; most mixtures are normals in their thousands. */
static int has_plain_tail(const att_margin *margin, size_t k, double x)
{
    return isinf(margin->df[k]) && margin->scale[k] > 0 &&
           fabs(x - margin->location[k]) < NEAR * margin->scale[k];
}

static double plain_tail(const att_margin *margin, size_t k, double x, att_side side)
{
    const double sqrt_half = 0.70710678118654752440;
    double z = (x - margin->location[k]) / margin->scale[k];
    return 0.5 * erfc(side == ATT_UPPER ? z * sqrt_half : -z * sqrt_half);
}

/* log of weight times tail; a weight of 0 asks for no tail. */
static double weighted_log_tail(const att_margin *margin, size_t k, double x, att_side side)
{
    double weight = margin->weight[k];
    return weight > 0 ? log(weight) + component_log_tail(margin, k, x, side) : -INFINITY;
}

/* The tail of one side, relatively right where it is not close to one; with the value x itself, or without. */
static double sum_of_log_tails(const att_margin *margin, double x, att_side side, int with_x)
{
    log_sum total = EMPTY_SUM;
    double plain = 0;
    for (size_t k = 0; k < margin->components; k++) {
        if (has_plain_tail(margin, k, x))
            plain += margin->weight[k] * plain_tail(margin, k, x, side);
        else if (with_x || margin->scale[k] > 0 || margin->location[k] != x)
            add_term(&total, weighted_log_tail(margin, k, x, side));
    }
    add_term(&total, log(plain));
    return log_of(total) - log(total_of(margin->weight, margin->components));
}

static double summed_log_tail(const att_margin *margin, double x, att_side side)
{
    return sum_of_log_tails(margin, x, side, 1);
}

/* log P(X < x) or log P(X > x). */
static double strict_log_tail(const att_margin *margin, double x, att_side side)
{
    return sum_of_log_tails(margin, x, side, 0);
}

static att_side opposite(att_side side)
{
    return side == ATT_LOWER ? ATT_UPPER : ATT_LOWER;
}

/* log P(X <= x) or log P(X >= x), from the smaller side. */
static double margin_log_tail(const att_margin *margin, double x, att_side side)
{
    double log_tail = summed_log_tail(margin, x, side);
    return log_tail > LOG_HALF ? log_complement(strict_log_tail(margin, x, opposite(side))) : log_tail;
}

att_status att_margin_log_tail(const att_margin *margin, double x, att_side side, double *log_probability)
{
    att_status status = check_margin(margin);
    if (status != ATT_OK) return status;
    if (!log_probability) return ATT_BAD_ARGUMENT;
    if (isnan(x)) return ATT_NOT_FINITE;
    *log_probability = margin_log_tail(margin, x, side);
    return ATT_OK;
}

/* log of the mass of the standard t on [z, z + width], short against the distance over which the density
 * changes: Gauss-Legendre with five nodes (Abramowitz & Stegun 25.4.30). */
static double log_short_mass(double z, double width, double df)
{
    static const double node[] = {0, 0.53846931010568309104, 0.90617984593866399280};
    static const double share[] = {0.28444444444444444444, 0.23931433524968323402, 0.11846344252809454376};
    double middle = z + 0.5 * width;
    log_sum total = EMPTY_SUM;
    for (int i = -2; i <= 2; i++) {
        int size = i < 0 ? -i : i;
        double at = middle + 0.5 * width * (i < 0 ? -node[size] : node[size]);
        add_term(&total, log(share[size]) + att_log_density(at, df));
    }
    return log(width) + log_of(total);
}

/* How fast the density of the standard t changes near z, relative to itself: about |f'/f|, and 1 at the
 * centre. */
static double rate_of_change(double z, double df)
{
    double distance = fmin(fabs(z), 1e150), spread = 1 + distance * (distance / df);
    return 1 / sqrt(spread) + (1 + 1 / df) * distance / spread;
}

/* log P(z <= Z <= z + width) of the standard t; right = z + width, rounded once. */
static double standard_log_interval(double z, double right, double width, double df)
{
    if (width * rate_of_change(fmin(fabs(z), fabs(right)), df) < NARROW) return log_short_mass(z, width, df);
    if (z < 0 && right > 0)
        return log1p(-exp(att_log_tail(z, df, ATT_LOWER)) - exp(att_log_tail(right, df, ATT_UPPER)));
    att_side side = z >= 0 ? ATT_UPPER : ATT_LOWER;
    double large = att_log_tail(z >= 0 ? z : right, df, side);
    double small = att_log_tail(z >= 0 ? right : z, df, side);
    return large == -INFINITY ? large : large + log_complement(fmin(small - large, -DBL_EPSILON));
}

static double component_log_interval(const att_margin *margin, size_t k, double lower, double upper)
{
    double location = margin->location[k], scale = margin->scale[k];
    if (scale == 0) return lower <= location && location <= upper ? 0 : -INFINITY;
    return standard_log_interval(standardized(lower, location, scale), standardized(upper, location, scale),
                                 (upper - lower) / scale, margin->df[k]);
}

static double summed_log_interval(const att_margin *margin, double lower, double upper)
{
    log_sum total = EMPTY_SUM;
    for (size_t k = 0; k < margin->components; k++)
        if (margin->weight[k] > 0)
            add_term(&total, log(margin->weight[k]) + component_log_interval(margin, k, lower, upper));
    return log_of(total) - log(total_of(margin->weight, margin->components));
}

/* log P(X < lower or X > upper). */
static double log_outside(const att_margin *margin, double lower, double upper)
{
    log_sum total = EMPTY_SUM;
    add_term(&total, strict_log_tail(margin, lower, ATT_LOWER));
    add_term(&total, strict_log_tail(margin, upper, ATT_UPPER));
    return log_of(total);
}

static double margin_log_interval(const att_margin *margin, double lower, double upper)
{
    if (upper == INFINITY) return margin_log_tail(margin, lower, ATT_UPPER);
    if (lower == -INFINITY) return margin_log_tail(margin, upper, ATT_LOWER);
    double log_mass = summed_log_interval(margin, lower, upper);
    return log_mass > LOG_HALF ? log_complement(log_outside(margin, lower, upper)) : log_mass;
}

att_status att_margin_log_interval(const att_margin *margin, double lower, double upper,
                                   double *log_probability)
{
    att_status status = check_margin(margin);
    if (status != ATT_OK) return status;
    if (!log_probability || lower > upper) return ATT_BAD_ARGUMENT;
    if (isnan(lower) || isnan(upper)) return ATT_NOT_FINITE;
    *log_probability = margin_log_interval(margin, lower, upper);
    return ATT_OK;
}

/* row' S row, and the sum of the sizes of its terms. */
static double quadratic_form(const double *row, const double *matrix, size_t n, double *size)
{
    double sum = 0;
    *size = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double term = row[i] * row[j] * matrix[i * n + j];
            sum += term;
            *size += fabs(term);
        }
    }
    return sum;
}

static att_status component_margin(const att_mixture *mixture, const double *row, size_t k, double *location,
                                   double *scale)
{
    size_t n = mixture->horizon;
    double size, variance = quadratic_form(row, mixture->scale + k * n * n, n, &size);
    double centre = dense_dot(row, mixture->location + k * n, n);
    if (!isfinite(centre) || !isfinite(size)) return ATT_NOT_FINITE;
    if (variance < -VARIANCE_ROUNDING * size) return ATT_BAD_ARGUMENT;
    *location = centre;
    *scale = variance < VARIANCE_ROUNDING * size ? 0 : sqrt(variance);
    return ATT_OK;
}

att_status att_mixture_margin(const att_mixture *mixture, const double *row, double *location, double *scale)
{
    if (!mixture || !mixture->location || !mixture->scale || mixture->horizon == 0) return ATT_BAD_ARGUMENT;
    if (!row || !location || !scale) return ATT_BAD_ARGUMENT;
    att_status status = check_components(mixture->components, mixture->weight, mixture->df);
    for (size_t k = 0; k < mixture->components && status == ATT_OK; k++)
        status = component_margin(mixture, row, k, &location[k], &scale[k]);
    return status;
}

static void evaluate_margin(const void *context, att_side side, double x, double *log_tail,
                            double *log_density)
{
    const att_margin *margin = context;
    log_sum density = EMPTY_SUM;
    for (size_t k = 0; k < margin->components; k++) {
        double scale = margin->scale[k];
        if (scale == 0 || margin->weight[k] == 0) continue;
        double z = standardized(x, margin->location[k], scale);
        add_term(&density, log(margin->weight[k] / scale) + att_log_density(z, margin->df[k]));
    }
    *log_density = log_of(density);
    *log_tail = summed_log_tail(margin, x, side);
}

/* Whether P(X < value) < p <= P(X <= value), told from the side of the smaller tail. */
static int jumps_over(const att_margin *margin, double value, const quantile_problem *problem)
{
    double with = summed_log_tail(margin, value, problem->side);
    double without = strict_log_tail(margin, value, problem->side);
    if (problem->side == ATT_LOWER) return without < problem->log_p && problem->log_p <= with;
    return without <= problem->log_p && problem->log_p < with;
}

/* Whether p falls on a known value. It always does when all values are known: each tail is the next one's
 * strict tail. */
static int falls_on_known_value(const att_margin *margin, const quantile_problem *problem, double *x)
{
    for (size_t k = 0; k < margin->components; k++) {
        if (margin->scale[k] > 0 || !jumps_over(margin, margin->location[k], problem)) continue;
        *x = margin->location[k];
        return 1;
    }
    return 0;
}

/* Weighted mean of the locations, and the root of the mean square of scales and distances from it. */
static void set_frame(const att_margin *margin, quantile_problem *problem)
{
    double total = total_of(margin->weight, margin->components);
    problem->centre = dense_dot(margin->weight, margin->location, margin->components) / total;
    double spread = 0;
    for (size_t k = 0; k < margin->components; k++) {
        double size = hypot(margin->scale[k], margin->location[k] - problem->centre);
        spread = hypot(spread, sqrt(margin->weight[k] / total) * size);
    }
    problem->scale = spread;
}

att_status att_margin_quantile(const att_margin *margin, double p, double *x)
{
    att_status status = check_margin(margin);
    if (status != ATT_OK) return status;
    if (isnan(p)) return ATT_NOT_FINITE;
    if (!x || p <= 0 || p >= 1) return ATT_BAD_ARGUMENT;
    att_side side = p <= 0.5 ? ATT_LOWER : ATT_UPPER;
    quantile_problem problem = {evaluate_margin, margin, side, p <= 0.5 ? log(p) : log1p(-p), 0, 0};
    if (falls_on_known_value(margin, &problem, x)) return ATT_OK;
    set_frame(margin, &problem);
    double distance = problem.scale * quantile_rough_score(problem.log_p);
    return quantile_search(&problem, problem.centre + (side == ATT_LOWER ? -distance : distance), x);
}
