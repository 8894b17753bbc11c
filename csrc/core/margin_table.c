/* The quantiles of a margin in little more than one evaluation each.
 *
 * An evaluation at x gives the tail T and the density f with its slope and curve, in closed form f' = k f and
 * f'' = (k^2 + k') f, k = -(1 + g) z / (1 + g z^2), g = 1/df. Two Taylor series use it, both of an inverse:
 *
 *     settle  x(log T) to its third order, from the evaluated log T to the level's: the error left is of
 *             fourth order, about u^4 f''' / 24 in probability for a step u, judged by sums of the same
 *             evaluation;
 *     leap    x(score), the normal's score of the probability, from one level to the next: third order, and a
 *             fourth so that the series passes through the level before. A margin is not far from a normal in
 *             shape, so x(score) is not far from a straight line.
 *
 * The search starts from the level next to the median, where locations tell the most, and leaps outwards both
 * ways. What does not settle so is left to quantile_search, on the tables.
 */
#include "margin_table.h"

#include <float.h>
#include <math.h>

#include "quantile_search.h"

#define LEAST_P 1e-6
#define MAX_EVALUATIONS 5
#define ERROR_IN_PROBABILITY 1e-12
#define WITHIN_SERIES 0.1

typedef struct {
    const table_component *component;
    size_t components;
} packed_margin;

/* The margin at one place. */
typedef struct {
    double x, tail, density, slope, curve;
    double rough; /* the size of the third derivative of the density */
} margin_local;

att_status quantile_levels_prepare(const double *p, size_t count, quantile_level *levels)
{
    for (size_t i = 0; i < count; i++) {
        if (!(p[i] > 0 && p[i] < 1) || (i > 0 && p[i] < p[i - 1])) return ATT_BAD_ARGUMENT;
        att_side side = p[i] <= 0.5 ? ATT_LOWER : ATT_UPPER;
        double log_p = side == ATT_LOWER ? log(p[i]) : log1p(-p[i]);
        double score = att_quantile(log_p, INFINITY, side);
        levels[i] = (quantile_level){p[i], log_p, side, score, exp(att_log_density(score, INFINITY))};
    }
    return ATT_OK;
}

/* Components too light to be seen are left out. *known: whether a value is. */
static att_status pack(const att_margin *margin, const t_table *tables, const unsigned char *table_of,
                       table_component *scratch, packed_margin *packed, int *known)
{
    size_t used = 0;
    *known = 0;
    for (size_t k = 0; k < margin->components; k++) {
        double rate = 1 / margin->scale[k];
        if (!isfinite(margin->location[k]) || !isfinite(margin->scale[k])) return ATT_NOT_FINITE;
        if (margin->weight[k] < LEAST_WEIGHT) continue;
        *known |= isinf(rate);
        scratch[used++] = (table_component){&tables[table_of[k]], margin->weight[k], margin->location[k],
                                            rate, rate * rate * rate};
    }
    *packed = (packed_margin){scratch, used};
    return used > 0 ? ATT_OK : ATT_BAD_ARGUMENT;
}

static margin_local evaluate(const packed_margin *margin, double x, att_side side)
{
    margin_local at = {.x = x};
    double sign = side == ATT_UPPER ? 1 : -1;
    for (size_t k = 0; k < margin->components; k++) {
        const table_component *c = &margin->component[k];
        double rate = c->rate, z = (x - c->location) * rate, far, height;
        t_table_at(c->table, z, &far, &height);
        double g = c->table->inverse_df, shrink = 1 / (1 + g * z * z), steep = (1 + g) * shrink * rate;
        double pull = -steep * z, bend = -steep * rate * (2 * shrink - 1);
        double density = c->weight * rate * height, slope = density * pull;
        at.tail += c->weight * (0.5 - copysign(0.5, sign * z) + copysign(far, sign * z)); /* far or 1 - far */
        at.density += density;
        at.slope += slope;
        at.curve += slope * pull + density * bend;
        at.rough += density * c->rate_cubed;
    }
    return at;
}

/* The step from an evaluated place to a level, and about the error that it leaves, in probability: the series
 * is u (1 + p + q + ...), whose next terms are of the size of 5 p^3, 5 p q and of what f''' adds. */
static double settle(const margin_local *at, const quantile_level *level, double *error)
{
    double sign = level->side == ATT_LOWER ? 1 / at->tail : -1 / at->tail, ratio = at->density / at->tail;
    double one = sign * at->density, second = sign * at->slope, third = sign * at->curve;
    double two = second - one * one, three = third - 3 * one * second + 2 * one * one * one;
    double u = (level->log_p - log(at->tail)) / one;
    double p = -0.5 * u * two / one, twist = u * u * three / (6 * one), size = fabs(p) + fabs(twist);
    double left = 5 * fabs(p) * (p * p + fabs(twist)) * at->density * fabs(u);
    *error = size < WITHIN_SERIES
                 ? left + u * u * u * u * (at->rough + at->tail * ratio * ratio * ratio * ratio) / 8
                 : INFINITY;
    return u * (1 + p + 2 * p * p - twist);
}

/* Moves a place by a step so short that the curve stands. */
static void shift(margin_local *at, double step)
{
    at->x += step;
    at->density += step * (at->slope + 0.5 * step * at->curve);
    at->slope += step * at->curve;
}

/* A level that has been settled, its place, and the one settled before it (itself: none). */
typedef struct {
    const quantile_level *level;
    margin_local at;
    double before_score, before_x;
} foothold;

/* From the quantile of one level to about that of another. */
static double leap(const foothold *from, const quantile_level *to)
{
    const margin_local *at = &from->at;
    double g = from->level->score, f = at->density, height = from->level->height;
    double one = height / f;
    double two = (-g * height - at->slope * one * one) / f;
    double three = ((g * g - 1) * height - at->curve * one * one * one - 3 * at->slope * one * two) / f;
    double back = from->before_score - g, step = to->score - g;
    double missed = from->before_x - at->x - back * (one + back * (two / 2 + back * three / 6));
    double four = back == 0 ? 0 : missed / (back * back * back * back);
    return at->x + step * (one + step * (two / 2 + step * (three / 6 + step * four)));
}

static int settles(const packed_margin *margin, const quantile_level *level, double start, margin_local *at)
{
    double x = start;
    for (int evaluations = 0; evaluations < MAX_EVALUATIONS && isfinite(x); evaluations++) {
        double error;
        *at = evaluate(margin, x, level->side);
        double step = settle(at, level, &error);
        if (error <= ERROR_IN_PROBABILITY) {
            shift(at, step);
            return 1;
        }
        x += step;
    }
    return 0;
}

static void evaluate_logs(const void *context, att_side side, double x, double *log_tail, double *log_density)
{
    margin_local local = evaluate(context, x, side);
    *log_tail = log(local.tail);
    *log_density = log(local.density);
}

static double mean_location(const packed_margin *margin)
{
    double sum = 0, total = 0;
    for (size_t k = 0; k < margin->components; k++) {
        sum += margin->component[k].weight * margin->component[k].location;
        total += margin->component[k].weight;
    }
    return sum / total;
}

static double mean_scale(const packed_margin *margin)
{
    double sum = 0;
    for (size_t k = 0; k < margin->components; k++)
        sum += margin->component[k].weight / margin->component[k].rate;
    return sum;
}

/* From a start to a level; leaves the place in *at. */
static att_status search(const packed_margin *margin, const quantile_level *level, double start,
                         margin_local *at)
{
    if (settles(margin, level, start, at)) return ATT_OK;
    double centre = mean_location(margin), scale = mean_scale(margin), x;
    quantile_problem problem = {evaluate_logs, margin, level->side, level->log_p, centre, scale};
    att_status status =
        quantile_search(&problem, isfinite(start) ? start : centre + scale * level->score, &x);
    if (status == ATT_OK) *at = evaluate(margin, x, level->side);
    return status;
}

static int is_fast(const quantile_level *level)
{
    return level->p >= LEAST_P && level->p <= 1 - LEAST_P;
}

/* Leaps to the next level; *last moves on. */
static att_status next_quantile(const att_margin *margin, const packed_margin *packed,
                                const quantile_level *level, foothold *last, double *x)
{
    if (!is_fast(level)) return att_margin_quantile(margin, level->p, x);
    foothold next = {.level = level, .before_score = last->level->score, .before_x = last->at.x};
    att_status status = search(packed, level, leap(last, level), &next.at);
    *last = next;
    *x = next.at.x;
    return status;
}

static att_status exact_quantiles(const att_margin *margin, const quantile_level *levels, size_t count,
                                  double *x)
{
    att_status status = ATT_OK;
    for (size_t i = 0; i < count && status == ATT_OK; i++)
        status = att_margin_quantile(margin, levels[i].p, &x[i]);
    return status;
}

static size_t nearest_median(const quantile_level *levels, size_t count)
{
    size_t nearest = 0;
    for (size_t i = 1; i < count; i++)
        if (fabs(levels[i].score) < fabs(levels[nearest].score)) nearest = i;
    return nearest;
}

/* Outwards from the level next to the median, first down, then up. */
static att_status packed_quantiles(const att_margin *margin, const packed_margin *packed,
                                   const quantile_level *levels, size_t count, double *x)
{
    size_t middle = nearest_median(levels, count);
    const quantile_level *level = &levels[middle];
    if (!is_fast(level)) return exact_quantiles(margin, levels, count, x);
    foothold first = {.level = level, .before_score = level->score};
    double start = mean_location(packed) + mean_scale(packed) * level->score;
    att_status status = search(packed, level, start, &first.at);
    x[middle] = first.at.x;
    foothold last = first;
    for (size_t i = middle; i-- > 0 && status == ATT_OK;) {
        status = next_quantile(margin, packed, &levels[i], &last, &x[i]);
        if (i + 1 == middle) {
            first.before_score = levels[i].score;
            first.before_x = x[i];
        }
    }
    last = first;
    for (size_t i = middle + 1; i < count && status == ATT_OK; i++)
        status = next_quantile(margin, packed, &levels[i], &last, &x[i]);
    return status;
}

att_status margin_table_quantiles(const att_margin *margin, const t_table *tables,
                                  const unsigned char *table_of, const quantile_level *levels, size_t count,
                                  table_component *scratch, double *x)
{
    if (count == 0) return ATT_OK;
    packed_margin packed;
    int known;
    att_status status = pack(margin, tables, table_of, scratch, &packed, &known);
    if (status != ATT_OK) return status;
    return known ? exact_quantiles(margin, levels, count, x)
                 : packed_quantiles(margin, &packed, levels, count, x);
}
