/* Which rows get a normal, in which order, and about which shift? */
#include "sov_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "memory.h"
#include "rectangle_tilt.h"

#define DETERMINED 1e-9 /* variance that others leave of a row, of its own */
#define NO_LOAD 1e-6    /* of a determined row's deviation */
#define MOST ATT_JOINT_MOST_BOUNDS

/* The rectangle of some rows under the moments. */
typedef struct {
    const sov_rows *rows;
    const sov_moments *moments;
    standard_rectangle standard;
    double *numbers;
} plan_work;

static double covariance_of(const plan_work *w, size_t row, size_t other)
{
    return w->moments->covariance[row * w->rows->rows + other];
}

static void standardise(plan_work *w, const size_t *row, size_t count)
{
    w->standard.dimensions = count;
    for (size_t i = 0; i < count; i++) {
        double spread = sqrt(covariance_of(w, row[i], row[i])), mean = w->moments->mean[row[i]];
        w->standard.lower[i] = (w->rows->lower[row[i]] - mean) / spread;
        w->standard.upper[i] = (w->rows->upper[row[i]] - mean) / spread;
        for (size_t j = 0; j < count; j++)
            w->standard.correlation[i * count + j] =
                i == j ? 1
                       : covariance_of(w, row[i], row[j]) / (spread * sqrt(covariance_of(w, row[j], row[j])));
    }
}

/* Puts rows that have variance into the order of their rectangle. */
static att_status put_in_order(plan_work *w, size_t *row, size_t count, ordered_rectangle *ordered)
{
    size_t given[MOST];
    standardise(w, row, count);
    att_status status = rectangle_order(&w->standard, ordered);
    if (status != ATT_OK) return status;
    memcpy(given, row, count * sizeof *row);
    for (size_t i = 0; i < count; i++) row[i] = given[ordered->row[i]];
    return ATT_OK;
}

/* The largest share of its variance that the pivots leave a row in any draw, and how much of its deviation it loads on
 * each, at most. */
static double largest_share(sov_block *sample, const size_t *pivot, size_t count, size_t row, double *load)
{
    double share = 0, left[LANES];
    memset(load, 0, count * sizeof *load);
    for (size_t b = 0; b < SAMPLE_BLOCKS; b++) {
        sov_block *block = &sample[b];
        const double *own = sov_covariance(block, row, row);
        sov_block_eliminate(block, pivot, count, row, left);
        for (size_t l = 0; l < LANES; l++) {
            if (!(own[l] > 0)) continue;
            share = fmax(share, left[l] / own[l]);
            for (size_t v = 0; v < count; v++) {
                double size = fabs(block->factor[(row * block->rows->rows + v) * LANES + l]);
                load[v] = fmax(load[v], size / sqrt(own[l]));
            }
        }
        sov_block_make_pivot(block, row, count, left);
    }
    return share;
}

/* Goes through rows in their order: pivots, and the variable that each row belongs to. Returns the number of pivots. */
static size_t find_pivots(sov_block *sample, const size_t *row, size_t rows, size_t *pivot, size_t *variable)
{
    size_t count = 0;
    double load[MOST];
    for (size_t i = 0; i < rows; i++) {
        double share = largest_share(sample, pivot, count, row[i], load);
        size_t last = count;
        while (last > 0 && load[last - 1] <= NO_LOAD) last--;
        variable[row[i]] = share > DETERMINED ? count : last > 0 ? last - 1 : 0;
        if (share > DETERMINED) pivot[count++] = row[i];
    }
    if (count == 0) pivot[count++] = row[0]; /* all is known */
    return count;
}

static void write_order(const sov_rows *rows, const size_t *pivot, size_t count, const size_t *variable,
                        sov_order *order)
{
    size_t at = 0;
    order->variables = count;
    for (size_t v = 0; v < count; v++) {
        order->first[v] = at;
        order->row[at++] = pivot[v];
        for (size_t row = 0; row < rows->rows; row++)
            if (variable[row] == v && row != pivot[v]) order->row[at++] = row;
        int is_lower = at - order->first[v] == 1 && isinf(rows->upper[pivot[v]]);
        order->kind[v] = is_lower ? SEPARATION_LOWER : SEPARATION_BOTH;
        order->shift[v] = order->slope[v] = 0;
    }
    order->first[count] = at;
}

/* Rows that have variance under the moments come first; returns how many. */
static size_t list_rows(const plan_work *w, size_t *row)
{
    size_t count = 0, rest = w->rows->rows;
    for (size_t k = 0; k < w->rows->rows; k++)
        if (covariance_of(w, k, k) > 0)
            row[count++] = k;
        else
            row[--rest] = k;
    return count;
}

static att_status open_work(const sov_rows *rows, const sov_moments *moments, plan_work *w)
{
    size_t n = rows->rows;
    *w = (plan_work){.rows = rows, .moments = moments, .numbers = new_block(n, n + 2, 1, sizeof(double))};
    if (!w->numbers) return ATT_NO_MEMORY;
    w->standard = (standard_rectangle){n, w->numbers, w->numbers + n, w->numbers + 2 * n};
    return ATT_OK;
}

/* Places x of the variables at the saddle, and the shifts, 0 without a saddle; row (rows) is put into its order. */
static att_status find_saddle(plan_work *w, size_t *row, size_t count, ordered_rectangle *ordered, double *x,
                              double *shift)
{
    tilt_work tilt = {0};
    double psi;
    att_status status = put_in_order(w, row, count, ordered);
    if (status == ATT_OK) status = rectangle_tilt_open(&ordered->bounds, &tilt);
    if (status != ATT_OK) return status;
    int found = rectangle_tilt(&tilt, 1, &psi);
    for (size_t v = 0; v <= tilt.free; v++) {
        x[v] = found && v < tilt.free ? tilt.x[v] : tilt.mean[v];
        shift[v] = found && v < tilt.free ? tilt.d[v] : 0;
    }
    rectangle_tilt_free(&tilt);
    return ATT_OK;
}

/* Variables x = L^-1 (values - means), values = means + L L' prices. */
static void write_prices(const plan_work *w, const size_t *row, const ordered_rectangle *ordered, double *x,
                         double *price)
{
    double matrix[MOST * MOST];
    size_t n = ordered->bounds.variables, pivot[MOST];
    for (size_t i = 0; i < n; i++) {
        pivot[i] = row[ordered->first[i]];
        for (size_t j = 0; j <= i; j++) matrix[i * n + j] = covariance_of(w, pivot[i], pivot[j]);
    }
    if (isnan(dense_cholesky(matrix, n, 1e-14))) return;
    dense_backward(matrix, n, x);
    for (size_t i = 0; i < n; i++) price[pivot[i]] = x[i];
}

att_status sov_prices(const sov_rows *rows, const sov_moments *moments, double *price)
{
    plan_work w;
    ordered_rectangle ordered = {0};
    size_t row[MOST];
    double x[MOST], shift[MOST];
    att_status status = open_work(rows, moments, &w);
    memset(price, 0, rows->rows * sizeof *price);
    if (status == ATT_OK) {
        size_t count = list_rows(&w, row);
        if (count > 0) status = find_saddle(&w, row, count, &ordered, x, shift);
        if (count > 0 && status == ATT_OK) write_prices(&w, row, &ordered, x, price);
    }
    rectangle_order_free(&ordered);
    free(w.numbers);
    return status;
}

/* The rows that are not pivots, after these. */
static void append_rest(size_t rows, const size_t *pivot, size_t count, size_t *row)
{
    size_t at = count;
    memcpy(row, pivot, count * sizeof *row);
    for (size_t k = 0; k < rows; k++) {
        size_t i = 0;
        while (i < count && pivot[i] != k) i++;
        if (i == count) row[at++] = k;
    }
}

/* Orders all rows to find the pivots, then the pivots alone. */
static att_status plan_rows(plan_work *w, sov_block *sample, sov_order *order)
{
    size_t row[MOST], pivot[MOST], variable[MOST], rows = w->rows->rows, known = list_rows(w, row);
    double x[MOST], shift[MOST];
    ordered_rectangle ordered = {0};
    att_status status = known > 0 ? put_in_order(w, row, known, &ordered) : ATT_OK;
    rectangle_order_free(&ordered);
    if (status != ATT_OK) return status;
    size_t count = find_pivots(sample, row, rows, pivot, variable), vary = 0;
    while (vary < count && covariance_of(w, pivot[vary], pivot[vary]) > 0) vary++; /* the others come last */
    if (vary > 0) status = find_saddle(w, pivot, vary, &ordered, x, shift);
    if (status == ATT_OK) {
        append_rest(rows, pivot, count, row);
        count = find_pivots(sample, row, rows, pivot, variable);
        write_order(w->rows, pivot, count, variable, order);
        for (size_t v = 0; vary > 0 && v < ordered.bounds.variables; v++)
            order->shift[ordered.first[v]] = shift[v];
    }
    rectangle_order_free(&ordered);
    return status;
}

att_status sov_plan(const sov_rows *rows, const sov_moments *moments, sov_block *sample, sov_order *order)
{
    plan_work w;
    att_status status = open_work(rows, moments, &w);
    if (status == ATT_OK) status = plan_rows(&w, sample, order);
    free(w.numbers);
    return status;
}
