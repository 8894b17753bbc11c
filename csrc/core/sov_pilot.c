/* How are the tables drawn, and the bounds ordered and shifted, so that draws attain? */
#include "sov_pilot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dense.h"
#include "kernels.h"
#include "lattice.h"
#include "memory.h"
#include "shift_sums.h"

#define PILOT_POINTS 2048
#define FIRST_TILT 0.5
#define UNTILTED_FROM 0.03 /* probability */

/* Moments of the weighted mean of components, s = 1. */
static att_status find_typical_moments(sov_work *w)
{
    const sov_rows *rows = &w->rows;
    size_t years = rows->years, n = rows->rows;
    double *direction = new_block(rows->terms, years, 1, sizeof(double));
    if (!direction) return ATT_NO_MEMORY;
    for (size_t t = 0; t < rows->terms; t++) {
        const sov_term *term = &rows->term[t];
        const att_mixture *mixture = rows->mixture[term->part];
        w->moments.mean[term->row] += dense_dot(mixture->weight, term->mean, mixture->components);
        for (size_t k = 0; k < mixture->components; k++)
            for (size_t y = 0; y < years; y++)
                direction[t * years + y] += mixture->weight[k] * term->direction[k * years + y];
    }
    for (size_t t = 0; t < rows->terms; t++)
        for (size_t u = 0; u < rows->terms; u++)
            w->moments.covariance[rows->term[t].row * n + rows->term[u].row] +=
                rows->correlation[rows->term[t].part * rows->parts + rows->term[u].part] *
                dense_dot(direction + t * years, direction + u * years, years);
    free(direction);
    return ATT_OK;
}

/* The functional of a part that the prices make: of each component its mean and its direction (years). */
static void add_priced(const sov_rows *rows, size_t part, const double *price, double *mean,
                       double *direction)
{
    size_t components = rows->mixture[part]->components, years = rows->years;
    for (size_t t = 0; t < rows->terms; t++) {
        const sov_term *term = &rows->term[t];
        if (term->part != part) continue;
        for (size_t k = 0; k < components; k++) mean[k] += price[term->row] * term->mean[k];
        for (size_t c = 0; c < components * years; c++) direction[c] += price[term->row] * term->direction[c];
    }
}

/* Priced functionals of all parts, and their typical directions (parts, years). */
typedef struct {
    double *mean[ATT_SOV_MOST_INDICATORS], *direction[ATT_SOV_MOST_INDICATORS];
    double *typical, *numbers;
} priced;

static att_status open_priced(const sov_rows *rows, const double *price, priced *out)
{
    size_t numbers = 0, years = rows->years;
    for (size_t p = 0; p < rows->parts; p++) numbers += rows->mixture[p]->components * (years + 1) + years;
    out->numbers = new_block(numbers, 1, 1, sizeof(double));
    if (!out->numbers) return ATT_NO_MEMORY;
    out->typical = out->numbers;
    double *next = out->numbers + rows->parts * years;
    for (size_t p = 0; p < rows->parts; p++) {
        const att_mixture *mixture = rows->mixture[p];
        out->mean[p] = next;
        out->direction[p] = next + mixture->components;
        next += mixture->components * (years + 1);
        add_priced(rows, p, price, out->mean[p], out->direction[p]);
        for (size_t c = 0; c < mixture->components * years; c++)
            out->typical[p * years + c % years] += mixture->weight[c / years] * out->direction[p][c];
    }
    return ATT_OK;
}

/* How far a part has to go along its functional, from its typical mean. */
static double way_of(const sov_rows *rows, const priced *functional, size_t part)
{
    double way = 0;
    for (size_t p = 0; p < rows->parts; p++)
        way += rows->correlation[part * rows->parts + p] * dense_dot(functional->typical + part * rows->years,
                                                                     functional->typical + p * rows->years,
                                                                     rows->years);
    return way;
}

static att_status open_table(const sov_rows *rows, const priced *functional, size_t part, sov_table *table)
{
    const att_mixture *mixture = rows->mixture[part];
    size_t n = mixture->components, years = rows->years;
    double *distance = new_block(n, 2, 1, sizeof(double)), *spread = distance + n;
    if (!distance) return ATT_NO_MEMORY;
    double place = way_of(rows, functional, part) + dense_dot(mixture->weight, functional->mean[part], n);
    for (size_t k = 0; k < n; k++) {
        const double *direction = functional->direction[part] + k * years;
        distance[k] = place - functional->mean[part][k];
        spread[k] = sqrt(dense_dot(direction, direction, years));
    }
    att_status status = sov_table_open(mixture, distance, spread, table);
    if (status == ATT_OK) sov_table_tilt(table, FIRST_TILT);
    free(distance);
    return status;
}

static att_status open_tables(sov_work *w)
{
    double price[ATT_JOINT_MOST_BOUNDS];
    priced functional = {.numbers = NULL};
    att_status status = sov_prices(&w->rows, &w->moments, price);
    if (status == ATT_OK) status = open_priced(&w->rows, price, &functional);
    for (size_t p = 0; status == ATT_OK && p < w->rows.parts; p++)
        status = open_table(&w->rows, &functional, p, &w->table[w->tables++]);
    free(functional.numbers);
    return status;
}

static att_status open_buffers(sov_work *w, uint64_t seed)
{
    size_t n = w->rows.rows, parts = w->rows.parts;
    w->kernel = separation_choose();
    w->coordinates = parts + n - 1;
    w->table = new_block(parts, 1, 1, sizeof(sov_table));
    w->moments.mean = new_block(n, n + 1, 1, sizeof(double));
    w->vector = new_block(w->coordinates, SHIFTS + PILOTS + 1, 1, sizeof(double));
    w->uniform = new_block(parts, LANES + 1, 1, sizeof(double));
    if (!w->table || !w->moments.mean || !w->vector || !w->uniform) return ATT_NO_MEMORY;
    w->moments.covariance = w->moments.mean + n;
    w->shift = w->vector + w->coordinates;
    w->mean_tail = w->uniform + parts * LANES;
    lattice_vector(w->coordinates, w->vector);
    lattice_shifts(seed, SHIFTS + PILOTS, w->coordinates, w->shift);
    att_status status = sov_block_open(&w->rows, w->table, &w->block);
    for (size_t b = 0; status == ATT_OK && b < SAMPLE_BLOCKS; b++)
        status = sov_block_open(&w->rows, w->table, &w->sample[b]);
    return status;
}

static void draw(sov_work *w, const double *place, size_t shift, sov_block *block, double *log_weight)
{
    for (size_t p = 0; p < w->rows.parts; p++)
        for (size_t l = 0; l < LANES; l++)
            w->uniform[p * LANES + l] =
                lattice_tent(w->vector[p] * place[l] + w->shift[shift * w->coordinates + p]);
    memset(log_weight, 0, LANES * sizeof *log_weight);
    sov_block_draw(block, w->uniform, log_weight);
}

void sov_weigh(sov_work *w, size_t point, size_t shift, double *log_weight)
{
    double place[LANES], ratio[LANES];
    size_t parts = w->rows.parts;
    for (int l = 0; l < LANES; l++) ratio[l] = 1;
    lattice_places(point, LANES, place);
    draw(w, place, shift, &w->block, log_weight);
    separation_points points = {place, w->vector + parts, w->shift + shift * w->coordinates + parts, ratio};
    sov_block_weigh(&w->block, &w->order, w->kernel, &points, log_weight);
}

att_status sov_work_open(sov_work *w, uint64_t seed)
{
    double place[LANES], log_weight[LANES];
    att_status status = open_buffers(w, seed);
    if (status == ATT_OK) status = find_typical_moments(w);
    if (status == ATT_OK) status = open_tables(w);
    for (size_t b = 0; status == ATT_OK && b < SAMPLE_BLOCKS; b++) {
        lattice_places(b * LANES, LANES, place);
        draw(w, place, SHIFTS, &w->sample[b], log_weight);
    }
    if (status == ATT_OK) status = sov_plan(&w->rows, &w->moments, w->sample, &w->order);
    return status;
}

void sov_work_free(sov_work *w)
{
    for (size_t p = 0; p < w->tables; p++) sov_table_free(&w->table[p]);
    for (size_t b = 0; b < SAMPLE_BLOCKS; b++) sov_block_free(&w->sample[b]);
    sov_block_free(&w->block);
    sov_rows_free(&w->rows);
    free(w->table);
    free(w->moments.mean);
    free(w->vector);
    free(w->uniform);
}

/* Sums over attaining draws, weights exp(log weight - peak); the moments and mean tails are sums too. */
typedef struct {
    double peak, sum;
} pilot_sum;

static void scale_sums(sov_work *w, double by)
{
    size_t n = w->rows.rows;
    for (size_t c = 0; c < n * (n + 1); c++) w->moments.mean[c] *= by;
    for (size_t p = 0; p < w->rows.parts; p++) w->mean_tail[p] *= by;
}

static void add_draw(sov_work *w, size_t lane, double weight)
{
    size_t n = w->rows.rows;
    for (size_t k = 0; k < n; k++) {
        w->moments.mean[k] += weight * w->block.mean[k * LANES + lane];
        for (size_t j = 0; j < n; j++)
            w->moments.covariance[k * n + j] += weight * sov_covariance(&w->block, k, j)[lane];
    }
    for (size_t p = 0; p < w->rows.parts; p++)
        w->mean_tail[p] += weight * w->table[p].row[w->block.pick[p * LANES + lane]].log_tail;
}

static pilot_sum run_pilot(sov_work *w, size_t number)
{
    pilot_sum total = {LOG_NOTHING, 0};
    double log_weight[LANES];
    for (size_t point = 0; point < PILOT_POINTS; point += LANES) {
        sov_weigh(w, point, SHIFTS + number, log_weight);
        for (size_t l = 0; l < LANES; l++) {
            if (log_weight[l] <= LOG_NOTHING) continue;
            if (total.sum == 0) scale_sums(w, 0);
            if (log_weight[l] > total.peak) {
                double fall = exp(total.peak - log_weight[l]);
                scale_sums(w, fall);
                total = (pilot_sum){log_weight[l], total.sum * fall};
            }
            double weight = exp(log_weight[l] - total.peak);
            total.sum += weight;
            add_draw(w, l, weight);
        }
    }
    return total;
}

att_status sov_pilot(sov_work *w)
{
    att_status status = ATT_OK;
    for (size_t number = 0; status == ATT_OK && number < PILOTS; number++) {
        pilot_sum total = run_pilot(w, number);
        if (total.sum == 0) return ATT_OK; /* nothing to learn from */
        scale_sums(w, 1 / total.sum);
        int tilted = total.peak + log(total.sum / PILOT_POINTS) < log(UNTILTED_FROM);
        for (size_t p = 0; p < w->rows.parts; p++)
            if (tilted)
                sov_table_fit(&w->table[p], w->mean_tail[p]);
            else
                sov_table_tilt(&w->table[p], 0);
        status = sov_plan(&w->rows, &w->moments, w->sample, &w->order);
    }
    return status;
}
