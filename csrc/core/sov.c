/* How likely are bounds that join indicators? Checks, what needs no draws, and the lattice. */
#include "attain/sov.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "shift_sums.h"
#include "sov_pilot.h"

#define FIRST_POINTS 256
#define T_DEVIATION                                                                                          \
    1.1055 /* of the t with 11 degrees of freedom, that of a mean of twelve over its standard error */

static att_status check(const att_sov *sov, const att_rectangle_accuracy *accuracy,
                        const att_sov_result *result)
{
    if (!sov || !accuracy || !result || !sov->indicator || !sov->correlation || sov->indicators == 0)
        return ATT_BAD_ARGUMENT;
    if (sov->bounds > 0 && (!sov->row || !sov->lower || !sov->upper)) return ATT_BAD_ARGUMENT;
    if (!(accuracy->relative_error > 0)) return ATT_BAD_ARGUMENT;
    if (sov->bounds > ATT_JOINT_MOST_BOUNDS) return ATT_TOO_MANY;
    size_t width = 0;
    for (size_t i = 0; i < sov->indicators; i++) {
        const att_mixture *mixture = &sov->indicator[i].mixture;
        if (!mixture->location || !mixture->scale || mixture->horizon == 0 || mixture->horizon > INT32_MAX)
            return ATT_BAD_ARGUMENT;
        width += mixture->horizon;
    }
    for (size_t b = 0; b < sov->bounds; b++) {
        if (isnan(sov->lower[b]) || isnan(sov->upper[b])) return ATT_NOT_FINITE;
        if (sov->lower[b] > sov->upper[b]) return ATT_EMPTY_RECTANGLE;
        for (size_t c = 0; c < width; c++)
            if (!isfinite(sov->row[b * width + c])) return ATT_NOT_FINITE;
    }
    return ATT_OK;
}

/* Sums over points: of weights by shift, and of squared weights. */
typedef struct {
    shift_sums sums;
    separation_sum squares;
} run_sums;

static void add_points(sov_work *w, size_t first, size_t last, run_sums *run)
{
    double log_weight[LANES];
    for (size_t point = first; point < last; point += LANES)
        for (size_t i = 0; i < SHIFTS; i++) {
            sov_weigh(w, point, i, log_weight);
            w->kernel->add(log_weight, &run->sums.total[i]);
            for (int l = 0; l < LANES; l++) log_weight[l] = fmax(2 * log_weight[l], LOG_NOTHING);
            w->kernel->add(log_weight, &run->squares);
        }
}

static void summarise(run_sums *run, size_t points, att_sov_result *result)
{
    double count = (double)(SHIFTS * points);
    shift_sums_mean(&run->sums, points, 0, &result->log_probability, &result->log_error);
    result->log_error *= T_DEVIATION;
    result->points = SHIFTS * points;
    result->effective = 0;
    if (isinf(result->log_probability)) return;
    double log_square =
        2 * (result->log_probability + log(count)) - run->squares.peak - log(run->squares.sum);
    result->effective = fmin(exp(log_square), count);
}

static void run(sov_work *w, const att_rectangle_accuracy *accuracy, att_sov_result *result)
{
    size_t points = FIRST_POINTS;
    run_sums sums = {.squares = {LOG_NOTHING, 0}};
    shift_sums_clear(&sums.sums);
    add_points(w, 0, points, &sums);
    summarise(&sums, points, result);
    for (; is_to_be_doubled(points, result->log_error, accuracy); points *= 2) {
        add_points(w, points, 2 * points, &sums);
        summarise(&sums, 2 * points, result);
    }
}

static att_status solve(const att_sov *sov, sov_work *w, const att_rectangle_accuracy *accuracy,
                        att_sov_result *result)
{
    att_status status = sov_rows_open(sov, &w->rows);
    *result = (att_sov_result){0, 0, 0, 0};
    if (w->rows.impossible) result->log_probability = -INFINITY;
    if (status != ATT_OK || w->rows.impossible || w->rows.rows == 0) return status;
    status = sov_work_open(w, accuracy->seed);
    if (status == ATT_OK) status = sov_pilot(w);
    if (status == ATT_OK) run(w, accuracy, result);
    return status;
}

att_status att_sov_log_probability(const att_sov *sov, const att_rectangle_accuracy *accuracy,
                                   att_sov_result *result)
{
    att_status status = check(sov, accuracy, result);
    if (status != ATT_OK) return status;
    sov_work *w = new_block(1, 1, 1, sizeof(sov_work));
    if (!w) return ATT_NO_MEMORY;
    status = solve(sov, w, accuracy, result);
    sov_work_free(w);
    free(w);
    return status;
}
