/* How likely is a rectangle whose variables share one factor? */
#include "rectangle_factor.h"

#include <math.h>
#include <stdlib.h>

#include "kernels.h"
#include "log_quadrature.h"
#include "memory.h"

#define FACTOR_ERROR 1e-13
#define LEAST_UNIQUENESS 1e-13
#define LOG_SQRT_2PI 0.91893853320467274178

static double correlation(const standard_rectangle *rectangle, size_t i, size_t j)
{
    return rectangle->correlation[i * rectangle->dimensions + j];
}

/* The pair of largest correlation. */
static void strongest_pair(const standard_rectangle *rectangle, size_t *a, size_t *b)
{
    double most = -1;
    for (size_t i = 0; i < rectangle->dimensions; i++) {
        for (size_t j = 0; j < i; j++) {
            double size = fabs(correlation(rectangle, i, j));
            if (size <= most) continue;
            most = size;
            *a = i;
            *b = j;
        }
    }
}

/* The square of the load of a: r_ab r_ac / r_bc, c the third variable that is best correlated with both. */
static double square_of_load(const standard_rectangle *rectangle, size_t a, size_t b)
{
    double most = 0, square = fabs(correlation(rectangle, a, b));
    for (size_t c = 0; c < rectangle->dimensions; c++) {
        if (c == a || c == b) continue;
        double with_a = correlation(rectangle, a, c), with_b = correlation(rectangle, b, c);
        double weaker = fmin(fabs(with_a), fabs(with_b));
        if (weaker <= most) continue;
        most = weaker;
        square = correlation(rectangle, a, b) * with_a / with_b;
    }
    return square;
}

static int explains(const standard_rectangle *rectangle, const double *load)
{
    for (size_t i = 0; i < rectangle->dimensions; i++) {
        if (!(fabs(load[i]) <= 1)) return 0;
        for (size_t j = 0; j < i; j++)
            if (fabs(correlation(rectangle, i, j) - load[i] * load[j]) > FACTOR_ERROR) return 0;
    }
    return 1;
}

int rectangle_one_factor(const standard_rectangle *rectangle, double *load)
{
    size_t n = rectangle->dimensions, a = 0, b = 0;
    for (size_t i = 0; i < n; i++) load[i] = 0;
    if (n == 1) return 1;
    strongest_pair(rectangle, &a, &b);
    if (correlation(rectangle, a, b) == 0) return 1;
    double square = square_of_load(rectangle, a, b);
    if (!(square > 0)) return 0;
    load[a] = sqrt(square);
    for (size_t i = 0; i < n; i++)
        if (i != a) load[i] = correlation(rectangle, i, a) / load[a];
    for (size_t i = 0; i < n; i++) /* a load of 1 has rounding */
        if (fabs(fabs(load[i]) - 1) < FACTOR_ERROR) load[i] = load[i] > 0 ? 1 : -1;
    return explains(rectangle, load);
}

static void bound_factor(factor_rectangle *factor, double load, double lower, double upper)
{
    factor->least = fmax(factor->least, load > 0 ? lower : -upper);
    factor->most = fmin(factor->most, load > 0 ? upper : -lower);
}

/* A row with an upper bound only is turned over, so that the one bound is the lower. */
static void append_row(factor_rectangle *factor, double load, double lower, double upper)
{
    size_t r = factor->rows.rows++;
    int turn = isinf(lower) != 0;
    factor->load[r] = turn ? -load : load;
    factor->lower[r] = turn ? -upper : lower;
    factor->upper[r] = turn ? -lower : upper;
    factor->inverse_spread[r] = 1 / sqrt((1 - load) * (1 + load));
}

att_status factor_rectangle_open(const standard_rectangle *rectangle, const double *load,
                                 factor_rectangle *factor)
{
    size_t n = rectangle->dimensions;
    *factor = (factor_rectangle){.least = -INFINITY, .most = INFINITY, .kernel = separation_choose()};
    factor->load = new_block(n, 4, 1, sizeof(double));
    if (!factor->load) return ATT_NO_MEMORY;
    factor->inverse_spread = factor->load + n;
    factor->lower = factor->load + 2 * n;
    factor->upper = factor->load + 3 * n;
    for (size_t i = 0; i < n; i++) {
        if ((1 - load[i]) * (1 + load[i]) < LEAST_UNIQUENESS)
            bound_factor(factor, load[i], rectangle->lower[i], rectangle->upper[i]);
        else
            append_row(factor, load[i], rectangle->lower[i], rectangle->upper[i]);
    }
    factor->rows =
        (factor_rows){factor->rows.rows, factor->load, factor->inverse_spread, factor->lower, factor->upper};
    return ATT_OK;
}

void factor_rectangle_free(factor_rectangle *factor)
{
    free(factor->load);
    *factor = (factor_rectangle){0};
}

typedef struct {
    const factor_rectangle *factor;
    double ratio;
} factor_context;

static att_status evaluate(void *context, const double *f, double *log_value)
{
    const factor_context *c = context;
    c->factor->kernel->given_factor(&c->factor->rows, c->ratio, f, log_value);
    for (int k = 0; k < LANES; k++) log_value[k] -= 0.5 * f[k] * f[k] + LOG_SQRT_2PI;
    return ATT_OK;
}

static int is_without_factor(const factor_rectangle *factor)
{
    for (size_t r = 0; r < factor->rows.rows; r++)
        if (factor->load[r] != 0) return 0;
    return isinf(factor->least) && isinf(factor->most);
}

att_status factor_rectangle_log_probability(const factor_rectangle *factor, double ratio,
                                            double *log_probability)
{
    factor_context context = {factor, ratio};
    double nowhere[LANES] = {0}, log_value[LANES];
    *log_probability = -INFINITY;
    if (!(factor->least < factor->most)) return ATT_OK;
    if (is_without_factor(factor)) {
        factor->kernel->given_factor(&factor->rows, ratio, nowhere, log_value);
        if (log_value[0] > LOG_NOTHING) *log_probability = log_value[0];
        return ATT_OK;
    }
    log_integral integral = {evaluate, &context, factor->least * ratio, factor->most * ratio, 0, 8};
    return log_quadrature(&integral, log_probability);
}
