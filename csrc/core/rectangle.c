/* How likely is a rectangle? Its structure decides the way; each way has a file of its own. */
#include "attain/rectangle.h"

#include <math.h>
#include <stdlib.h>

#include "attain/mixture.h"
#include "chi_scale.h"
#include "log_quadrature.h"
#include "memory.h"
#include "rectangle_factor.h"
#include "rectangle_lattice.h"

#define ROUNDING 1e-10
#define UNCORRELATED 1e-14
#define AS_NORMAL 1e20         /* degrees of freedom */
#define BEYOND_COUNTING (-1e9) /* log densities of the scale that the blocks need not lower */

/* The variables that matter, standardised, and their blocks of correlated ones. */
typedef struct {
    standard_rectangle whole, block; /* block: room for any */
    size_t *member;                  /* (n): their numbers in the rectangle, later by block */
    size_t *block_of;                /* (n), the block of each variable of `whole` */
    size_t blocks;
    double *load;             /* (n), loads of the variables of one block */
    factor_rectangle *factor; /* (blocks) */
} rectangle_work;

static int is_free(const att_rectangle *in, size_t i)
{
    return in->lower[i] == -INFINITY && in->upper[i] == INFINITY;
}

static att_status check_bounds(const att_rectangle *in)
{
    for (size_t i = 0; i < in->dimensions; i++) {
        if (isnan(in->lower[i]) || isnan(in->upper[i]) || !isfinite(in->mean[i])) return ATT_NOT_FINITE;
        if (in->lower[i] > in->upper[i]) return ATT_EMPTY_RECTANGLE;
    }
    return ATT_OK;
}

static att_status check_covariance(const att_rectangle *in)
{
    size_t n = in->dimensions;
    const double *c = in->covariance;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (!isfinite(c[i * n + j])) return ATT_NOT_FINITE;
    for (size_t i = 0; i < n; i++) {
        if (is_free(in, i)) continue;
        if (c[i * n + i] < 0) return ATT_NOT_COVARIANCE;
        for (size_t j = 0; j < i; j++) {
            double size = sqrt(c[i * n + i]) * sqrt(fmax(c[j * n + j], 0));
            if (is_free(in, j)) continue;
            if (fabs(c[i * n + j] - c[j * n + i]) > ROUNDING * size) return ATT_NOT_COVARIANCE;
            if (fabs(c[i * n + j]) > (1 + ROUNDING) * size) return ATT_NOT_COVARIANCE;
        }
    }
    return ATT_OK;
}

static att_status check(const att_rectangle *in, const att_rectangle_accuracy *accuracy,
                        const att_rectangle_result *result)
{
    if (!in || !accuracy || !result || in->dimensions == 0) return ATT_BAD_ARGUMENT;
    if (!in->lower || !in->upper || !in->mean || !in->covariance) return ATT_BAD_ARGUMENT;
    if (isnan(in->df) || isnan(accuracy->relative_error)) return ATT_NOT_FINITE;
    if (in->df < 0.1 || accuracy->relative_error <= 0) return ATT_BAD_ARGUMENT;
    att_status status = check_bounds(in);
    return status == ATT_OK ? check_covariance(in) : status;
}

/* Standardises what is neither free nor known; returns 0 when nothing can lie inside. */
static int standardise(const att_rectangle *in, rectangle_work *w)
{
    size_t n = in->dimensions, kept = 0;
    for (size_t i = 0; i < n; i++) {
        double variance = in->covariance[i * n + i];
        if (is_free(in, i)) continue;
        if (variance == 0 && (in->lower[i] > in->mean[i] || in->upper[i] < in->mean[i])) return 0;
        if (variance == 0) continue;
        if (in->lower[i] == in->upper[i]) return 0;
        w->whole.lower[kept] = (in->lower[i] - in->mean[i]) / sqrt(variance);
        w->whole.upper[kept] = (in->upper[i] - in->mean[i]) / sqrt(variance);
        w->member[kept++] = i;
    }
    w->whole.dimensions = kept;
    for (size_t i = 0; i < kept; i++) {
        size_t a = w->member[i];
        for (size_t j = 0; j < kept; j++) {
            size_t b = w->member[j];
            double size = sqrt(in->covariance[a * n + a]) * sqrt(in->covariance[b * n + b]);
            w->whole.correlation[i * kept + j] = i == j ? 1 : in->covariance[a * n + b] / size;
        }
    }
    return 1;
}

/* Joins to the block of i all that is correlated with it, directly or through others; member is a stack. */
static void fill_block(rectangle_work *w, size_t i)
{
    size_t n = w->whole.dimensions, depth = 0;
    w->block_of[i] = w->blocks;
    w->member[depth++] = i;
    while (depth > 0) {
        size_t a = w->member[--depth];
        for (size_t b = 0; b < n; b++) {
            if (w->block_of[b] != n || fabs(w->whole.correlation[a * n + b]) < UNCORRELATED) continue;
            w->block_of[b] = w->blocks;
            w->member[depth++] = b;
        }
    }
}

static void find_blocks(rectangle_work *w)
{
    size_t n = w->whole.dimensions;
    for (size_t i = 0; i < n; i++) w->block_of[i] = n;
    for (size_t i = 0; i < n; i++) {
        if (w->block_of[i] != n) continue;
        fill_block(w, i);
        w->blocks++;
    }
}

static void copy_block(rectangle_work *w, size_t block)
{
    size_t n = w->whole.dimensions, count = 0;
    for (size_t i = 0; i < n; i++)
        if (w->block_of[i] == block) w->member[count++] = i;
    w->block.dimensions = count;
    for (size_t i = 0; i < count; i++) {
        w->block.lower[i] = w->whole.lower[w->member[i]];
        w->block.upper[i] = w->whole.upper[w->member[i]];
        for (size_t j = 0; j < count; j++)
            w->block.correlation[i * count + j] = w->whole.correlation[w->member[i] * n + w->member[j]];
    }
}

static att_status one_variable(const standard_rectangle *s, double df, double *log_probability)
{
    double weight = 1, location = 0, scale = 1;
    att_margin margin = {1, &weight, &df, &location, &scale};
    return att_margin_log_interval(&margin, s->lower[0], s->upper[0], log_probability);
}

/* One block of a normal; the probability multiplies, the squares of relative errors add. */
static att_status multiply_block(rectangle_work *w, const att_rectangle_accuracy *accuracy,
                                 att_rectangle_result *result)
{
    att_rectangle_result part = {0, 0, 0};
    factor_rectangle factor = {0};
    att_status status;
    if (w->block.dimensions == 1) {
        status = one_variable(&w->block, INFINITY, &part.log_probability);
    } else if (rectangle_one_factor(&w->block, w->load)) {
        status = factor_rectangle_open(&w->block, w->load, &factor);
        if (status == ATT_OK) status = factor_rectangle_log_probability(&factor, 1, &part.log_probability);
        factor_rectangle_free(&factor);
    } else {
        status = rectangle_lattice(&w->block, INFINITY, accuracy, &part);
    }
    result->log_probability += part.log_probability;
    result->log_standard_error = hypot(result->log_standard_error, part.log_standard_error);
    result->points += part.points;
    return status;
}

/* Accuracy of each of the blocks that need the lattice. */
static att_rectangle_accuracy share_of(rectangle_work *w, const att_rectangle_accuracy *accuracy)
{
    size_t needy = 0;
    for (size_t b = 0; b < w->blocks; b++) {
        copy_block(w, b);
        needy += !rectangle_one_factor(&w->block, w->load);
    }
    needy = needy ? needy : 1;
    return (att_rectangle_accuracy){accuracy->seed, accuracy->relative_error / sqrt((double)needy),
                                    accuracy->max_points / needy};
}

static att_status normal_probability(rectangle_work *w, const att_rectangle_accuracy *accuracy,
                                     att_rectangle_result *result)
{
    att_rectangle_accuracy each = share_of(w, accuracy);
    att_status status = ATT_OK;
    for (size_t b = 0; status == ATT_OK && b < w->blocks; b++) {
        copy_block(w, b);
        status = multiply_block(w, &each, result);
    }
    return status;
}

typedef struct {
    const rectangle_work *work;
    double df;
} scale_context;

/* The t given its scale exp(s) is a normal, whose blocks are independent. */
static att_status evaluate_scales(void *context, const double *s, double *log_value)
{
    const scale_context *c = context;
    att_status status = ATT_OK;
    for (int k = 0; k < LANES; k++) {
        log_value[k] = chi_scale_log_density(s[k], c->df);
        if (log_value[k] < BEYOND_COUNTING) continue;
        for (size_t b = 0; status == ATT_OK && b < c->work->blocks; b++) {
            double part;
            status = factor_rectangle_log_probability(&c->work->factor[b], exp(s[k]), &part);
            log_value[k] += fmax(part, LOG_NOTHING);
        }
    }
    return status;
}

/* Opens a factor for each block; *ready tells whether all have one. */
static att_status open_factors(rectangle_work *w, int *ready)
{
    att_status status = ATT_OK;
    *ready = 1;
    w->factor = new_block(w->blocks, 1, 1, sizeof(factor_rectangle));
    if (!w->factor) return ATT_NO_MEMORY;
    for (size_t b = 0; status == ATT_OK && *ready && b < w->blocks; b++) {
        copy_block(w, b);
        *ready = rectangle_one_factor(&w->block, w->load);
        if (*ready) status = factor_rectangle_open(&w->block, w->load, &w->factor[b]);
    }
    return status;
}

static void close_factors(rectangle_work *w)
{
    for (size_t b = 0; w->factor && b < w->blocks; b++) factor_rectangle_free(&w->factor[b]);
    free(w->factor);
}

static att_status t_probability(rectangle_work *w, double df, const att_rectangle_accuracy *accuracy,
                                att_rectangle_result *result)
{
    if (w->whole.dimensions == 1) return one_variable(&w->whole, df, &result->log_probability);
    int ready;
    att_status status = open_factors(w, &ready);
    if (status == ATT_OK && ready) {
        scale_context context = {w, df};
        log_integral integral = {evaluate_scales, &context, -INFINITY, 300, 0, 2 / sqrt(df)};
        status = log_quadrature(&integral, &result->log_probability);
    } else if (status == ATT_OK) {
        status = rectangle_lattice(&w->whole, df, accuracy, result);
    }
    close_factors(w);
    return status;
}

static int open_standard(size_t n, standard_rectangle *s)
{
    s->lower = new_block(n, 1, 1, sizeof(double));
    s->upper = new_block(n, 1, 1, sizeof(double));
    s->correlation = new_block(n, n, 1, sizeof(double));
    return s->lower && s->upper && s->correlation;
}

static void free_standard(standard_rectangle *s)
{
    free(s->lower);
    free(s->upper);
    free(s->correlation);
}

static att_status solve(const att_rectangle *in, rectangle_work *w, const att_rectangle_accuracy *accuracy,
                        att_rectangle_result *result)
{
    *result = (att_rectangle_result){0, 0, 0};
    if (!standardise(in, w)) {
        result->log_probability = -INFINITY;
        return ATT_OK;
    }
    if (w->whole.dimensions == 0) return ATT_OK;
    find_blocks(w);
    return in->df > AS_NORMAL ? normal_probability(w, accuracy, result)
                              : t_probability(w, in->df, accuracy, result);
}

att_status att_rectangle_log_probability(const att_rectangle *rectangle,
                                         const att_rectangle_accuracy *accuracy, att_rectangle_result *result)
{
    att_status status = check(rectangle, accuracy, result);
    if (status != ATT_OK) return status;
    size_t n = rectangle->dimensions;
    rectangle_work w = {0};
    w.member = new_block(n, 1, 1, sizeof(size_t));
    w.block_of = new_block(n, 1, 1, sizeof(size_t));
    w.load = new_block(n, 1, 1, sizeof(double));
    status = ATT_NO_MEMORY;
    if (open_standard(n, &w.whole) && open_standard(n, &w.block) && w.member && w.block_of && w.load)
        status = solve(rectangle, &w, accuracy, result);
    free_standard(&w.whole);
    free_standard(&w.block);
    free(w.member);
    free(w.block_of);
    free(w.load);
    return status;
}
