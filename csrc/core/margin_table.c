/* The quantiles of a margin in little more than one evaluation each.
 *
 * An evaluation at x gives the tail T and the density f with its slope and curve (f' = k f, f'' = (k^2 + k') f in closed
 * form, k = -(1 + g) z / (1 + g z^2), g = 1/df). Two Taylor series use it, both of an inverse function:
 *
 *     settle  x(log T) to its third order, from the evaluated log T to the level's: the error left is of fourth order,
 *             about u^4 f'''/24 in probability for a step u, and bounded from sums of the same evaluation;
 *     leap    x(g) to its third order, g the normal score of the probability, from one level to the next: the margin is
 *             close to a normal in shape, so x(g) is close to a straight line.
 *
 * The search starts from the level next to the median, where locations tell the most, and leaps outwards both ways.
 */
#include "margin_table.h"

#include <float.h>
#include <math.h>

#define LEAST_WEIGHT 1e-14
#define LEAST_P 1e-6
#define MAX_EVALUATIONS 8
#define ERROR_IN_PROBABILITY 1e-12

typedef struct {
    const table_component *component;
    size_t components;
} packed_margin;

/* The margin at one place. */
typedef struct {
    double x, tail, density, slope, curve;
    double rough; /* bounds the third derivative of the density, up to a factor of about 1 */
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

/* Components too light to be seen are left out. Returns 0 when one has a known value. */
static int pack(const att_margin *margin, const t_table *tables, const unsigned char *table_of,
                table_component *scratch, packed_margin *packed)
{
    size_t used = 0;
    for (size_t k = 0; k < margin->components; k++) {
        if (margin->weight[k] < LEAST_WEIGHT) continue;
        if (margin->scale[k] == 0) return 0;
        scratch[used++] = (table_component){&tables[table_of[k]], margin->weight[k], margin->location[k],
                                            1 / margin->scale[k]};
    }
    *packed = (packed_margin){scratch, used};
    return 1;
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
        at.tail += c->weight * ((sign * z <= 0) + copysign(far, sign * z)); /* far or 1 - far, without a branch */
        at.density += density;
        at.slope += slope;
        at.curve += slope * pull + density * bend;
        at.rough += density * c->rate_cubed;
    }
    return at;
}

/* The step from an evaluated place to a level, and a bound of the error it leaves, in probability. */
static double settle(const margin_local *at, const quantile_level *level, double *error)
{
    double sign = level->side == ATT_LOWER ? 1 / at->tail : -1 / at->tail;
    double one = sign * at->density, second = sign * at->slope, third = sign * at->curve;
    double two = second - one * one, three = third - 3 * one * second + 2 * one * one * one;
    double u = (level->log_p - log(at->tail)) / one, a = -0.5 * two / one, b = three / (6 * one);
    double square = u * u, ratio = at->density / at->tail;
    *error = square * square * (at->rough + at->tail * ratio * ratio * ratio * ratio);
    return u * (1 + u * (a + u * (2 * a * a - b)));
}

/* Moves a place by a step so short that the curve stands. */
static void shift(margin_local *at, double step)
{
    at->x += step;
    at->density += step * (at->slope + 0.5 * step * at->curve);
    at->slope += step * at->curve;
}

/* From the quantile of one level to about that of another. */
static double leap(const margin_local *at, const quantile_level *from, const quantile_level *to)
{
    double g = from->score, f = at->density, step = to->score - g;
    double one = from->height / f;
    double two = (-g * from->height - at->slope * one * one) / f;
    double three = ((g * g - 1) * from->height - at->curve * one * one * one - 3 * at->slope * one * two) / f;
    return at->x + step * (one + step * (two / 2 + step * three / 6));
}

/* From a start to a level; leaves the place in *at. 0: not settled. */
static int search(const packed_margin *margin, const quantile_level *level, double start, margin_local *at)
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

static int is_fast(const quantile_level *level)
{
    return level->p >= LEAST_P && level->p <= 1 - LEAST_P;
}

/* The last level settled in one direction, and its place. */
typedef struct {
    const quantile_level *level;
    margin_local at;
} foothold;

static att_status next_quantile(const att_margin *margin, const packed_margin *packed, const quantile_level *level,
                                foothold *last, double *x)
{
    foothold next = {.level = level};
    if (!is_fast(level) || !search(packed, level, leap(&last->at, last->level, level), &next.at))
        return att_margin_quantile(margin, level->p, x);
    *last = next;
    *x = next.at.x;
    return ATT_OK;
}

static att_status exact_quantiles(const att_margin *margin, const quantile_level *levels, size_t count, double *x)
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

att_status margin_table_quantiles(const att_margin *margin, const t_table *tables, const unsigned char *table_of,
                                  const quantile_level *levels, size_t count, table_component *scratch, double *x)
{
    if (count == 0) return ATT_OK;
    packed_margin packed;
    if (!pack(margin, tables, table_of, scratch, &packed)) return exact_quantiles(margin, levels, count, x);
    size_t middle = nearest_median(levels, count);
    foothold first = {.level = &levels[middle]};
    double start = mean_location(&packed) + mean_scale(&packed) * first.level->score;
    if (!is_fast(first.level) || !search(&packed, first.level, start, &first.at))
        return exact_quantiles(margin, levels, count, x);
    x[middle] = first.at.x;
    att_status status = ATT_OK;
    foothold last = first;
    for (size_t i = middle; i-- > 0 && status == ATT_OK;)
        status = next_quantile(margin, &packed, &levels[i], &last, &x[i]);
    last = first;
    for (size_t i = middle + 1; i < count && status == ATT_OK; i++)
        status = next_quantile(margin, &packed, &levels[i], &last, &x[i]);
    return status;
}
