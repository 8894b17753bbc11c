/* Which normals is a mixture made of, and how are they drawn? */
#include "sov_table.h"

#include <math.h>
#include <stdlib.h>

#include "chi_scale.h"
#include "memory.h"

#define WIDEST_STEP 0.2
#define STEP_IN_DEVIATIONS 1.0
#define LEAST_LOG_WEIGHT (-46.0) /* of the small scales */
#define REACH 3.0                /* least log of the largest scale, to which the tail is added: */
#define TAIL 15.0                /* for t of exponent a, TAIL / a */
#define BEYOND 2.0               /* log of what a scale exceeds the distance by, at least */
#define MOST_LOG_SCALE 600.0
#define LEAST_LOG_TAIL (-600.0)
#define STEPS 60
#define CLOSE 1e-6 /* of the mean that a table is fitted to */

typedef struct {
    double step;
    long first, last;
} node_range;

/* Nodes t = number * step of a component. */
static node_range nodes_of(double df, double distance, double spread)
{
    if (isinf(df)) return (node_range){0, 0, 0};
    double step = fmin(WIDEST_STEP, STEP_IN_DEVIATIONS / sqrt(2 * df)), reach = REACH;
    if (spread > 0 && distance > 0) reach = fmax(reach, log(distance / spread) + BEYOND);
    double end = fmin(reach + 2 * TAIL / df, MOST_LOG_SCALE);
    long first = 0;
    while (chi_scale_log_density(-(double)(first - 1) * step, df) > LEAST_LOG_WEIGHT) first--;
    return (node_range){step, first, (long)ceil(end / step)};
}

static size_t count_rows(const att_mixture *mixture, const double *distance, const double *spread)
{
    size_t rows = 0;
    for (size_t k = 0; k < mixture->components; k++) {
        node_range range = nodes_of(mixture->df[k], distance[k], spread[k]);
        if (mixture->weight[k] > 0) rows += (size_t)(range.last - range.first + 1);
    }
    return rows;
}

static double log_tail_of(double distance, double deviation)
{
    double z = deviation > 0 ? distance / deviation : distance > 0 ? INFINITY : -INFINITY;
    return fmax(att_log_tail(z, INFINITY, ATT_UPPER), LEAST_LOG_TAIL);
}

/* The rows of a component, its nodes' weights made to sum to its own. */
static void add_component(const att_mixture *mixture, size_t k, double distance, double spread,
                          sov_table *table)
{
    double df = mixture->df[k], total = 0;
    node_range range = nodes_of(df, distance, spread);
    sov_row *row = table->row + table->rows;
    for (long node = range.first; node <= range.last; node++, row++) {
        double t = (double)node * range.step;
        row->component = k;
        row->scale = exp(t);
        row->log_weight = isinf(df) ? 0 : chi_scale_log_density(-t, df);
        row->log_tail = log_tail_of(distance, spread * row->scale);
        total += exp(row->log_weight);
    }
    for (sov_row *own = table->row + table->rows; own < row; own++)
        own->log_weight += log(mixture->weight[k] / total);
    table->rows = (size_t)(row - table->row);
}

static int by_tail(const void *a, const void *b)
{
    double one = ((const sov_row *)a)->log_tail, other = ((const sov_row *)b)->log_tail;
    return (one > other) - (one < other);
}

static void normalise(sov_table *table)
{
    double total = 0;
    for (size_t j = 0; j < table->rows; j++) total += exp(table->row[j].log_weight);
    for (size_t j = 0; j < table->rows; j++) table->row[j].log_weight -= log(total);
}

att_status sov_table_open(const att_mixture *mixture, const double *distance, const double *spread,
                          sov_table *table)
{
    size_t rows = count_rows(mixture, distance, spread);
    *table = (sov_table){0};
    table->row = new_block(rows, 1, 1, sizeof(sov_row));
    table->guide = new_block(rows, 1, 1, sizeof(size_t));
    if (!table->row || !table->guide) return ATT_NO_MEMORY;
    for (size_t k = 0; k < mixture->components; k++)
        if (mixture->weight[k] > 0) add_component(mixture, k, distance[k], spread[k], table);
    normalise(table);
    qsort(table->row, table->rows, sizeof *table->row, by_tail);
    sov_table_tilt(table, 0);
    return ATT_OK;
}

void sov_table_free(sov_table *table)
{
    free(table->row);
    free(table->guide);
    *table = (sov_table){0};
}

static void write_guide(sov_table *table)
{
    size_t j = 0;
    for (size_t i = 0; i < table->rows; i++) {
        double u = (double)i / (double)table->rows;
        while (j + 1 < table->rows && table->row[j + 1].below <= u) j++;
        table->guide[i] = j;
    }
}

/* Mean and variance of log_tail under the tilt, and the log of the sum that normalises it. */
typedef struct {
    double mean, variance, log_total;
} tilt_moments;

static tilt_moments moments_at(const sov_table *table, double alpha)
{
    double top = -INFINITY, sum = 0, first = 0, second = 0;
    for (size_t j = 0; j < table->rows; j++)
        top = fmax(top, table->row[j].log_weight + alpha * table->row[j].log_tail);
    for (size_t j = 0; j < table->rows; j++) {
        const sov_row *row = &table->row[j];
        double q = exp(row->log_weight + alpha * row->log_tail - top);
        sum += q;
        first += q * row->log_tail;
        second += q * row->log_tail * row->log_tail;
    }
    first /= sum;
    return (tilt_moments){first, second / sum - first * first, top + log(sum)};
}

void sov_table_tilt(sov_table *table, double alpha)
{
    double log_total = moments_at(table, alpha).log_total, below = 0;
    for (size_t j = 0; j < table->rows; j++) {
        sov_row *row = &table->row[j];
        row->log_ratio = log_total - alpha * row->log_tail;
        row->below = below;
        below += exp(row->log_weight - row->log_ratio);
    }
    write_guide(table);
}

/* The mean rises with alpha: Newton's method within a bracket. */
void sov_table_fit(sov_table *table, double mean)
{
    double low = 0, high = 1, alpha = 0.5;
    for (int steps = 0; steps < STEPS && high - low > CLOSE; steps++) {
        tilt_moments at = moments_at(table, alpha);
        if (fabs(at.mean - mean) < CLOSE) break;
        if (at.mean < mean)
            low = alpha;
        else
            high = alpha;
        double next = alpha + (mean - at.mean) / at.variance;
        alpha = next > low && next < high ? next : 0.5 * (low + high);
    }
    sov_table_tilt(table, alpha);
}

size_t sov_table_draw(const sov_table *table, double u)
{
    size_t place = (size_t)(u * (double)table->rows);
    size_t j = table->guide[place < table->rows ? place : table->rows - 1];
    while (j + 1 < table->rows && table->row[j + 1].below <= u) j++;
    return j;
}
