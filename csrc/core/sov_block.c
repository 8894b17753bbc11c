/* How do the bounds of each draw lie, and how likely are they? */
#include "sov_block.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define LEAST_VARIANCE 1e-15 /* of what is left of a row, of its own: rounding */
#define IMPOSSIBLE (-1e58)   /* log weight of a bound as far as the kernel sees */
#define EACH_LANE(l) for (int l = 0; l < LANES; l++)

att_status sov_block_open(const sov_rows *rows, const sov_table *table, sov_block *block)
{
    size_t n = rows->rows;
    *block = (sov_block){.rows = rows, .table = table};
    block->pick = new_block(rows->parts, LANES, 1, sizeof(size_t));
    block->direction = new_block(rows->terms, rows->years, LANES, sizeof(double));
    block->mean = new_block(3 * n + 4, n, LANES, sizeof(double));
    if (!block->pick || !block->direction || !block->mean) return ATT_NO_MEMORY;
    block->covariance = block->mean + n * LANES;
    block->factor = block->covariance + n * n * LANES;
    block->load = block->factor + n * n * LANES;
    block->lower = block->load + n * n * LANES;
    block->upper = block->lower + n * LANES;
    block->y = block->upper + n * LANES;
    return ATT_OK;
}

void sov_block_free(sov_block *block)
{
    free(block->pick);
    free(block->direction);
    free(block->mean);
    *block = (sov_block){0};
}

double *sov_covariance(const sov_block *block, size_t row, size_t other)
{
    size_t high = row > other ? row : other, low = row > other ? other : row;
    return block->covariance + (high * block->rows->rows + low) * LANES;
}

/* Means and directions of the components drawn. */
static void gather(sov_block *block)
{
    const sov_rows *rows = block->rows;
    size_t years = rows->years;
    memset(block->mean, 0, rows->rows * LANES * sizeof(double));
    for (size_t t = 0; t < rows->terms; t++) {
        const sov_term *term = &rows->term[t];
        double *direction = block->direction + t * years * LANES;
        EACH_LANE(l)
        {
            const sov_row *drawn = &block->table[term->part].row[block->pick[term->part * LANES + (size_t)l]];
            const double *own = term->direction + drawn->component * years;
            block->mean[term->row * LANES + (size_t)l] += term->mean[drawn->component];
            for (size_t y = 0; y < years; y++) direction[y * LANES + (size_t)l] = drawn->scale * own[y];
        }
    }
}

static void add_products(const double *a, const double *b, size_t years, double times, double *sum)
{
    for (size_t y = 0; y < years; y++, a += LANES, b += LANES) EACH_LANE(l) sum[l] += times * a[l] * b[l];
}

static void fill_covariance(sov_block *block)
{
    const sov_rows *rows = block->rows;
    memset(block->covariance, 0, rows->rows * rows->rows * LANES * sizeof(double));
    for (size_t t = 0; t < rows->terms; t++)
        for (size_t u = 0; u < rows->terms; u++) {
            const sov_term *a = &rows->term[t], *b = &rows->term[u];
            if (a->row < b->row) continue;
            add_products(block->direction + t * rows->years * LANES,
                         block->direction + u * rows->years * LANES, rows->years,
                         rows->correlation[a->part * rows->parts + b->part],
                         sov_covariance(block, a->row, b->row));
        }
}

void sov_block_draw(sov_block *block, const double *uniform, double *log_weight)
{
    for (size_t p = 0; p < block->rows->parts; p++) EACH_LANE(l)
        {
            size_t at = p * LANES + (size_t)l, j = sov_table_draw(&block->table[p], uniform[at]);
            block->pick[at] = j;
            log_weight[l] += block->table[p].row[j].log_ratio;
        }
    gather(block);
    fill_covariance(block);
}

static double *factor_of(const sov_block *block, size_t row, size_t variable)
{
    return block->factor + (row * block->rows->rows + variable) * LANES;
}

void sov_block_eliminate(sov_block *block, const size_t *pivot, size_t count, size_t row, double *left)
{
    const double *own = sov_covariance(block, row, row);
    EACH_LANE(l) left[l] = own[l];
    for (size_t v = 0; v < count; v++) {
        double *load = factor_of(block, row, v);
        const double *covariance = sov_covariance(block, row, pivot[v]);
        const double *root = factor_of(block, pivot[v], v);
        EACH_LANE(l) load[l] = covariance[l];
        for (size_t j = 0; j < v; j++) {
            const double *mine = factor_of(block, row, j), *its = factor_of(block, pivot[v], j);
            EACH_LANE(l) load[l] -= mine[l] * its[l];
        }
        EACH_LANE(l)
        {
            load[l] = root[l] > 0 ? load[l] / root[l] : 0;
            left[l] -= load[l] * load[l];
        }
    }
}

void sov_block_make_pivot(sov_block *block, size_t row, size_t variable, const double *left)
{
    const double *own = sov_covariance(block, row, row);
    double *root = factor_of(block, row, variable);
    EACH_LANE(l) root[l] = sqrt(fmax(left[l], LEAST_VARIANCE * own[l]));
}

/* Bounds over the load on the row's own normal. A row of no variance is known, and lies inside or not. */
static void write_bounds(sov_block *block, size_t row, const double *load, double *lower, double *upper)
{
    const double *variance = sov_covariance(block, row, row), *mean = block->mean + row * LANES;
    EACH_LANE(l)
    {
        double low = block->rows->lower[row] - mean[l], high = block->rows->upper[row] - mean[l];
        double least = sqrt(LEAST_VARIANCE * variance[l]), own = load[l];
        if (variance[l] > 0) {
            own = fabs(own) < least ? copysign(least, own) : own;
            lower[l] = (own > 0 ? low : high) / own;
            upper[l] = (own > 0 ? high : low) / own;
        } else {
            lower[l] = low <= 0 && high >= 0 ? -INFINITY : INFINITY;
            upper[l] = INFINITY;
        }
    }
}

static void write_loads(const sov_block *block, size_t row, size_t variable, double *load)
{
    const double *variance = sov_covariance(block, row, row), *own = factor_of(block, row, variable);
    for (size_t j = 0; j < variable; j++) {
        const double *factor = factor_of(block, row, j);
        EACH_LANE(l)
        {
            double least = sqrt(LEAST_VARIANCE * variance[l]);
            double root = fabs(own[l]) < least ? copysign(least, own[l]) : own[l];
            load[j * LANES + (size_t)l] = root != 0 ? factor[l] / root : 0;
        }
    }
}

void sov_block_weigh(sov_block *block, const sov_order *order, const separation_kernel *kernel,
                     const separation_points *points, double *log_weight)
{
    size_t pivot[ATT_JOINT_MOST_BOUNDS];
    double left[LANES];
    for (size_t v = 0; v < order->variables; v++) pivot[v] = order->row[order->first[v]];
    for (size_t v = 0; v < order->variables; v++)
        for (size_t at = order->first[v]; at < order->first[v + 1]; at++) {
            size_t row = order->row[at], is_pivot = at == order->first[v];
            sov_block_eliminate(block, pivot, is_pivot ? v : v + 1, row, left);
            if (is_pivot) sov_block_make_pivot(block, row, v, left);
            write_loads(block, row, v, block->load + at * order->variables * LANES);
            write_bounds(block, row, factor_of(block, row, v), block->lower + at * LANES,
                         block->upper + at * LANES);
        }
    separation common = {.variables = order->variables,
                         .first = order->first,
                         .kind = order->kind,
                         .shift = order->shift,
                         .slope = order->slope};
    lane_rows own = {block->load, block->lower, block->upper};
    kernel->weigh_lanes(&common, &own, points, block->y, log_weight);
    EACH_LANE(l) log_weight[l] = log_weight[l] > IMPOSSIBLE ? log_weight[l] : LOG_NOTHING;
}
