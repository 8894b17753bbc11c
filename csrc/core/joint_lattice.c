/* What is the integral over two variables or more?
 *
 * Importance sampling by x = mode + A t, A A' the inverse curvature at the mode, t independent logistic variables: their
 * tails are above those of any normal, so that weights are bounded. Twelve random shifts of one lattice, doubled until
 * they agree. The rule over scales is refined at the mode, before. */
#include "joint_lattice.h"

#include <math.h>
#include <stdlib.h>

#include "joint_mode.h"
#include "kernels.h"
#include "lattice.h"
#include "memory.h"
#include "shift_sums.h"

#define FIRST_POINTS 128
#define LOGISTIC_SCALE 0.62 /* of t: somewhat wider than the standard normal */
#define MOST_REFINEMENT 16

typedef struct {
    joint_integrand g;
    double *mode, *factor, *vector, *shift, *x; /* (n), (n, n), (n), (SHIFTS, n), (n, LANES) */
    double log_det;                             /* of the factor */
    shift_sums sums;
    separation_sum even, odd;
    int has_kinks;
} lattice_work;

/* t and the log of its density from a coordinate of the lattice, folded. */
static double logistic(double coordinate, double *log_density)
{
    double u = lattice_tent(coordinate), y = log(u) - log1p(-u), size = fabs(y);
    *log_density = -size - 2 * log1p(exp(-size)) - log(LOGISTIC_SCALE);
    return LOGISTIC_SCALE * y;
}

/* Places of a block of points; writes the log of their density. */
static void draw(lattice_work *w, const double *place, const double *shift, double *log_density)
{
    size_t n = w->g.variables;
    for (size_t lane = 0; lane < LANES; lane++) {
        log_density[lane] = -w->log_det;
        for (size_t v = 0; v < n; v++) w->x[v * LANES + lane] = w->mode[v];
        for (size_t a = 0; a < n; a++) {
            double more, t = logistic(w->vector[a] * place[lane] + shift[a], &more);
            log_density[lane] += more;
            for (size_t v = 0; v < n; v++) w->x[v * LANES + lane] += w->factor[v * n + a] * t;
        }
    }
}

static void add_points(lattice_work *w, size_t first, size_t last)
{
    double place[LANES], log_density[LANES];
    given_log value;
    for (size_t k = first; k < last; k += LANES) {
        lattice_places(k, LANES, place);
        for (size_t i = 0; i < SHIFTS; i++) {
            draw(w, place, w->shift + i * w->g.variables, log_density);
            joint_integrand_at(&w->g, w->x, &value);
            for (int lane = 0; lane < LANES; lane++) {
                value.all[lane] -= log_density[lane];
                value.even[lane] -= log_density[lane];
                value.odd[lane] -= log_density[lane];
            }
            w->g.kernel->add(value.all, &w->sums.total[i]);
            w->g.kernel->add(value.even, &w->even);
            w->g.kernel->add(value.odd, &w->odd);
        }
    }
}

static double log_of(separation_sum total)
{
    return total.sum > 0 ? total.peak + log(total.sum) : LOG_NOTHING;
}

/* The error of the rule over scales comes on top of that of the lattice. */
static void summarise(lattice_work *w, size_t points, att_joint_result *result)
{
    double scale = halves_error(log_of(w->even) - log_of(w->odd), w->has_kinks);
    shift_sums_mean(&w->sums, points, scale, &result->log_probability, &result->log_error);
    result->points = w->g.points;
}

static void run(lattice_work *w, const att_rectangle_accuracy *accuracy, att_joint_result *result)
{
    size_t points = FIRST_POINTS;
    w->even = w->odd = (separation_sum){LOG_NOTHING, 0};
    shift_sums_clear(&w->sums);
    add_points(w, 0, points);
    summarise(w, points, result);
    for (; is_to_be_doubled(points, result->log_error, accuracy); points *= 2) {
        add_points(w, points, 2 * points);
        summarise(w, 2 * points, result);
    }
}

/* Refines the rule over scales until its halves agree at the mode. */
static void refine(lattice_work *w, double relative_error)
{
    given_log value;
    for (size_t v = 0; v < w->g.variables; v++)
        for (size_t lane = 0; lane < LANES; lane++) w->x[v * LANES + lane] = w->mode[v];
    for (;; w->g.refinement *= 2) {
        joint_integrand_at(&w->g, w->x, &value);
        double error = halves_error(value.even[0] - value.odd[0], w->has_kinks);
        if (error <= 0.3 * relative_error || w->g.refinement >= MOST_REFINEMENT) return;
    }
}

static att_status open_work(lattice_work *w, uint64_t seed)
{
    size_t n = w->g.variables;
    w->mode = new_block(n, n + SHIFTS + LANES + 2, 1, sizeof(double));
    if (!w->mode) return ATT_NO_MEMORY;
    w->vector = w->mode + n;
    w->factor = w->vector + n;
    w->shift = w->factor + n * n;
    w->x = w->shift + SHIFTS * n;
    lattice_vector(n, w->vector);
    lattice_shifts(seed, SHIFTS, n, w->shift);
    return ATT_OK;
}

/* log |det A| = log of the product of its columns' lengths, which are orthogonal. */
static double log_det_of(const double *factor, size_t n)
{
    double log_det = 0;
    for (size_t a = 0; a < n; a++) {
        double length = 0;
        for (size_t v = 0; v < n; v++) length = hypot(length, factor[v * n + a]);
        log_det += log(length);
    }
    return log_det;
}

att_status joint_lattice(const joint_part *part, size_t parts, size_t variables,
                         const att_rectangle_accuracy *accuracy, att_joint_result *result)
{
    lattice_work w = {.g = {part, parts, variables, separation_choose(), 1, 0},
                      .has_kinks = have_kinks(part, parts)};
    att_status status = open_work(&w, accuracy->seed);
    if (status == ATT_OK) status = joint_mode(&w.g, w.mode, w.factor);
    if (status == ATT_OK) {
        w.log_det = log_det_of(w.factor, variables);
        refine(&w, accuracy->relative_error);
        run(&w, accuracy, result);
    }
    free(w.mode);
    return status;
}
