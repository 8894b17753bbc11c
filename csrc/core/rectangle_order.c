/* In which order, and with which loadings, does a rectangle bound independent normals? */
#include "rectangle_order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "memory.h"
#include "normal_interval.h"

#define DETERMINED 1e-13  /* a conditional variance of a row that others determine */
#define NEGATIVE (-1e-10) /* one of a matrix that is none of covariances */
#define LEFT_OVER 1e-6    /* a conditional covariance that a determined row must not have */
#define NARROW_INTERVAL 0.01

/* Rows of the rectangle; load is of the variables chosen so far. */
typedef struct {
    const standard_rectangle *rectangle;
    double *load;     /* (n, n) */
    double *variance; /* (n), conditional */
    double *centre;   /* (n), conditional means of rows, the variables at theirs */
    size_t *order;    /* (n), rows as they are taken: those of the result */
    char *taken;      /* (n) */
    size_t count;     /* taken so far */
    size_t variables;
} order_work;

static normal_interval interval_of_row(const order_work *w, size_t row)
{
    double spread = sqrt(w->variance[row]);
    return normal_interval_of((w->rectangle->lower[row] - w->centre[row]) / spread,
                              (w->rectangle->upper[row] - w->centre[row]) / spread);
}

static size_t least_likely(const order_work *w)
{
    size_t n = w->rectangle->dimensions, best = n;
    double least = INFINITY;
    for (size_t row = 0; row < n; row++) {
        if (w->taken[row]) continue;
        double log_mass = interval_of_row(w, row).log_mass;
        if (best == n || log_mass < least) {
            best = row;
            least = log_mass;
        }
    }
    return best;
}

static void take_row(order_work *w, size_t row)
{
    w->taken[row] = 1;
    w->order[w->count++] = row;
}

static double conditional_covariance(const order_work *w, size_t a, size_t b)
{
    size_t n = w->rectangle->dimensions;
    return w->rectangle->correlation[a * n + b] - dense_dot(w->load + a * n, w->load + b * n, w->variables);
}

/* Makes `row` the next variable: loadings, variances and centres of the rows that are left. */
static void add_variable(order_work *w, size_t row)
{
    size_t n = w->rectangle->dimensions, v = w->variables;
    double mean = interval_of_row(w, row).mean, spread = sqrt(w->variance[row]);
    take_row(w, row);
    for (size_t other = 0; other < n; other++) {
        if (w->taken[other]) continue;
        double load = conditional_covariance(w, other, row) / spread;
        w->load[other * n + v] = load;
        w->variance[other] -= load * load;
        w->centre[other] += load * mean;
    }
    w->load[row * n + v] = spread;
    w->variables++;
}

static int is_left_over(const order_work *w, size_t row)
{
    for (size_t other = 0; other < w->rectangle->dimensions; other++)
        if (!w->taken[other] && fabs(conditional_covariance(w, row, other)) > LEFT_OVER) return 1;
    return 0;
}

/* Takes the rows that the variables so far determine. */
static att_status take_determined(order_work *w)
{
    for (size_t row = 0; row < w->rectangle->dimensions; row++) {
        if (w->taken[row] || w->variance[row] > DETERMINED) continue;
        if (w->variance[row] < NEGATIVE || is_left_over(w, row)) return ATT_NOT_COVARIANCE;
        take_row(w, row);
    }
    return ATT_OK;
}

/* Row at place i of the separation: divided by its loading on its variable; mirrored when that is negative. */
static void write_row(const order_work *w, ordered_rectangle *out, size_t i, size_t variable)
{
    size_t n = w->rectangle->dimensions, row = w->order[i];
    double own = w->load[row * n + variable];
    double low = w->rectangle->lower[row] / own, high = w->rectangle->upper[row] / own;
    out->lower[i] = own > 0 ? low : high;
    out->upper[i] = own > 0 ? high : low;
    for (size_t j = 0; j < variable; j++) out->load[i * w->variables + j] = w->load[row * n + j] / own;
}

static separation_kind kind_of(const ordered_rectangle *out, size_t variable)
{
    size_t row = out->first[variable];
    if (out->first[variable + 1] - row > 1) return SEPARATION_BOTH;
    if (isinf(out->upper[row])) return SEPARATION_LOWER;
    return out->upper[row] - out->lower[row] < NARROW_INTERVAL ? SEPARATION_NARROW : SEPARATION_BOTH;
}

/* A variable with an upper bound only is turned over: y becomes -y in all rows. */
static void turn_over(ordered_rectangle *out, size_t variables, size_t rows, size_t variable)
{
    for (size_t r = out->first[variable]; r < out->first[variable + 1]; r++) {
        double low = out->lower[r];
        out->lower[r] = -out->upper[r];
        out->upper[r] = -low;
        for (size_t j = 0; j < variable; j++) out->load[r * variables + j] *= -1;
    }
    for (size_t r = out->first[variable + 1]; r < rows; r++) out->load[r * variables + variable] *= -1;
}

static void write_separation(const order_work *w, ordered_rectangle *out)
{
    size_t n = w->rectangle->dimensions;
    for (size_t v = 0; v < w->variables; v++)
        for (size_t i = out->first[v]; i < out->first[v + 1]; i++) write_row(w, out, i, v);
    for (size_t v = 0; v < w->variables; v++) {
        if (out->lower[out->first[v]] == -INFINITY) turn_over(out, w->variables, n, v);
        out->kind[v] = kind_of(out, v);
    }
    out->bounds = (separation){w->variables, out->first, out->load,  out->lower,
                               out->upper,   out->kind,  out->shift, out->slope};
}

static att_status order_rows(order_work *w, ordered_rectangle *out)
{
    size_t n = w->rectangle->dimensions;
    for (size_t row = 0; row < n; row++) w->variance[row] = w->rectangle->correlation[row * n + row];
    while (w->count < n) {
        out->first[w->variables] = w->count;
        add_variable(w, least_likely(w));
        att_status status = take_determined(w);
        if (status != ATT_OK) return status;
    }
    out->first[w->variables] = n;
    write_separation(w, out);
    return ATT_OK;
}

static int open_rectangle(size_t n, ordered_rectangle *out)
{
    out->first = new_block(n + 1, 1, 1, sizeof(size_t));
    out->row = new_block(n, 1, 1, sizeof(size_t));
    out->kind = new_block(n, 1, 1, sizeof(separation_kind));
    out->load = new_block(n, n, 1, sizeof(double));
    out->lower = new_block(n, 1, 1, sizeof(double));
    out->upper = new_block(n, 1, 1, sizeof(double));
    out->shift = new_block(n, 1, 1, sizeof(double));
    out->slope = new_block(n, 1, 1, sizeof(double));
    return out->first && out->row && out->kind && out->load && out->lower && out->upper && out->shift &&
           out->slope;
}

void rectangle_order_free(ordered_rectangle *out)
{
    free(out->first);
    free(out->row);
    free(out->kind);
    free(out->load);
    free(out->lower);
    free(out->upper);
    free(out->shift);
    free(out->slope);
    *out = (ordered_rectangle){0};
}

att_status rectangle_order(const standard_rectangle *rectangle, ordered_rectangle *ordered)
{
    size_t n = rectangle->dimensions;
    *ordered = (ordered_rectangle){0};
    order_work w = {.rectangle = rectangle};
    w.load = new_block(n, n, 1, sizeof(double));
    w.variance = new_block(n, 1, 1, sizeof(double));
    w.centre = new_block(n, 1, 1, sizeof(double));
    w.taken = new_block(n, 1, 1, 1);
    att_status status = ATT_NO_MEMORY;
    if (open_rectangle(n, ordered) && w.load && w.variance && w.centre && w.taken) {
        w.order = ordered->row;
        status = order_rows(&w, ordered);
    }
    if (status != ATT_OK) rectangle_order_free(ordered);
    free(w.load);
    free(w.variance);
    free(w.centre);
    free(w.taken);
    return status;
}
