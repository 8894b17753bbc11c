/* What forecasts of many series were worth, once the figures came: the walk of growth_batch.h, and the margin of
 * each horizon scored.
 */
#include <math.h>
#include <stdlib.h>

#include "growth_batch.h"
#include "margin_score.h"
#include "margin_table.h"
#include "memory.h"

typedef struct {
    growth_batch batch;
    const att_score_request *asked;
    size_t farthest; /* the longest horizon */
    quantile_level median;
    table_component *quantile; /* (K) scratch of the median */
    score_component *scratch;  /* (K) */
} score_job;

static void job_free(score_job *job)
{
    growth_batch_free(&job->batch);
    free(job->quantile);
    free(job->scratch);
}

static att_status job_init(score_job *job, const att_growth_prior *prior, const att_observations *table)
{
    static const double half = 0.5;
    att_status status = growth_batch_init(&job->batch, prior, table);
    job->quantile = new_block(job->batch.capacity, 1, 1, sizeof(table_component));
    job->scratch = new_block(job->batch.capacity, 1, 1, sizeof(score_component));
    if (status == ATT_OK && !(job->quantile && job->scratch)) status = ATT_NO_MEMORY;
    return status == ATT_OK ? quantile_levels_prepare(&half, 1, &job->median) : status;
}

static att_status check_request(const att_score_request *asked, size_t *farthest)
{
    att_status status = asked->horizons > 0 ? ATT_OK : ATT_BAD_ARGUMENT;
    for (size_t h = 0; h < asked->horizons && status == ATT_OK; h++) {
        size_t years = asked->horizon[h] > 0 ? (size_t)asked->horizon[h] : 0;
        status = att_growth_horizon_check(years);
        if (years > *farthest) *farthest = years;
    }
    return status;
}

static att_status median_of(score_job *job, const att_margin *margin, double *median)
{
    growth_batch *b = &job->batch;
    *median = margin->location[0];
    if (margin->components == 1) return ATT_OK;
    if (b->tables == 0) return att_margin_quantile(margin, 0.5, median);
    return margin_table_quantiles(margin, b->table, b->table_of, &job->median, 1, job->quantile, median);
}

static att_status score_actual(const score_margin *margin, double actual, size_t cell, const att_scores *out)
{
    if (isnan(actual)) return ATT_OK;
    if (isinf(actual)) return ATT_NOT_FINITE;
    out->log_score[cell] = score_log_density(margin, actual);
    out->pit[cell] = score_tail(margin, actual, ATT_LOWER);
    return score_crps(margin, actual, &out->crps[cell]);
}

static att_status score_cell(score_job *job, size_t cell, size_t h, const att_scores *out)
{
    const att_score_request *asked = job->asked;
    att_margin margin = growth_batch_margin(&job->batch, h);
    score_margin packed;
    att_status status = score_margin_pack(&margin, job->batch.tables > 0 ? job->batch.table : NULL,
                                          job->batch.table_of, job->scratch, &packed);
    if (status == ATT_OK) status = median_of(job, &margin, &out->median[cell]);
    if (status == ATT_OK) status = score_actual(&packed, asked->actual[cell], cell, out);
    for (size_t i = cell * asked->bounds; i < (cell + 1) * asked->bounds && status == ATT_OK; i++) {
        if (isnan(asked->bound[i])) status = ATT_NOT_FINITE;
        out->exceed[i] = score_tail(&packed, asked->bound[i], ATT_UPPER);
    }
    return status;
}

static att_status score_series(score_job *job, const att_observations *series, size_t s,
                               const att_scores *out)
{
    size_t horizons = job->asked->horizons;
    att_status status = growth_read(series, &job->batch.windows, NULL, NULL);
    if (status == ATT_OK) status = growth_batch_run(&job->batch, series, job->farthest);
    for (size_t h = 0; h < horizons && status == ATT_OK; h++)
        status = score_cell(job, s * horizons + h, (size_t)job->asked->horizon[h] - 1, out);
    return status;
}

/* All of a series is unknown until it is scored. */
static void clear_series(const att_score_request *asked, size_t s, const att_scores *out)
{
    size_t first = s * asked->horizons, bounds = asked->bounds;
    growth_fill(out->crps + first, asked->horizons, NAN);
    growth_fill(out->log_score + first, asked->horizons, NAN);
    growth_fill(out->pit + first, asked->horizons, NAN);
    growth_fill(out->median + first, asked->horizons, NAN);
    growth_fill(out->exceed + first * bounds, asked->horizons * bounds, NAN);
}

att_status att_growth_scores(const att_growth_prior *prior, const att_observations *table,
                             const att_score_request *asked, att_status *status, const att_scores *out)
{
    score_job job = {.asked = asked};
    att_status ready = check_request(asked, &job.farthest);
    if (ready == ATT_OK && !growth_is_sorted(table)) ready = ATT_BAD_ORDER;
    if (ready == ATT_OK && prior) ready = att_growth_prior_check(prior);
    if (ready != ATT_OK) return ready;
    ready = job_init(&job, prior, table);
    for (size_t row = 0, end, s = 0; row < table->rows && ready == ATT_OK; row = end, s++) {
        end = growth_series_end(table, row);
        att_observations series = growth_rows(table, row, end);
        if (!prior) series.error = NULL; /* the random walk takes every figure as exact */
        clear_series(asked, s, out);
        status[s] = score_series(&job, &series, s, out);
        if (status[s] != ATT_OK) clear_series(asked, s, out);
        if (status[s] == ATT_NO_MEMORY) ready = ATT_NO_MEMORY;
    }
    job_free(&job);
    return ready;
}
