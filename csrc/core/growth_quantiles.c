/* Quantiles of many series: the levels are prepared once, and a single component needs its standard quantiles
 * once for each df.
 */
#include <math.h>
#include <stdlib.h>

#include "growth_batch.h"
#include "margin_table.h"
#include "memory.h"

typedef struct {
    growth_batch batch;
    int32_t first, last;
    size_t levels;
    quantile_level *level;    /* (levels) */
    double *score, score_df;  /* (levels) quantiles of the standard t of that df, for a single component */
    table_component *scratch; /* (K) */
} quantile_job;

static void job_free(quantile_job *job)
{
    growth_batch_free(&job->batch);
    free(job->level);
    free(job->score);
    free(job->scratch);
}

static att_status job_init(quantile_job *job, const att_growth_prior *prior, const att_observations *table,
                           const double *probability)
{
    att_status status = growth_batch_init(&job->batch, prior, table);
    job->level = new_block(job->levels, 1, 1, sizeof(quantile_level));
    job->score = new_block(job->levels, 1, 1, sizeof(double));
    job->scratch = new_block(job->batch.capacity, 1, 1, sizeof(table_component));
    if (status == ATT_OK && !(job->level && job->score && job->scratch)) status = ATT_NO_MEMORY;
    return status == ATT_OK ? quantile_levels_prepare(probability, job->levels, job->level) : status;
}

static att_status prepare_scores(quantile_job *job, double df)
{
    if (job->score_df == df) return ATT_OK;
    job->score_df = df;
    for (size_t i = 0; i < job->levels; i++) {
        job->score[i] = att_quantile(job->level[i].log_p, df, job->level[i].side);
        if (isnan(job->score[i])) return ATT_NO_CONVERGENCE;
    }
    return ATT_OK;
}

/* A known value has no spread, even where the score is infinite. */
static att_status single_quantiles(quantile_job *job, const att_margin *margin, double *quantile)
{
    att_status status = prepare_scores(job, margin->df[0]);
    double place = margin->location[0], scale = margin->scale[0];
    for (size_t i = 0; i < job->levels; i++) quantile[i] = scale > 0 ? place + scale * job->score[i] : place;
    return status;
}

static att_status year_quantiles(quantile_job *job, size_t h, double *quantile)
{
    growth_batch *b = &job->batch;
    att_margin margin = growth_batch_margin(b, h);
    if (margin.components == 1) return single_quantiles(job, &margin, quantile);
    if (b->tables > 0)
        return margin_table_quantiles(&margin, b->table, b->table_of, job->level, job->levels, job->scratch,
                                      quantile);
    att_status status = ATT_OK;
    for (size_t i = 0; i < job->levels && status == ATT_OK; i++)
        status = att_margin_quantile(&margin, job->level[i].p, quantile + i);
    return status;
}

/* quantile (Y, Q) of one series, filled with NaN beforehand; part of it stands written when a year fails. */
static att_status run_series(quantile_job *job, const att_observations *series, double *quantile)
{
    att_status status = growth_read(series, &job->batch.windows, NULL, NULL);
    int32_t origin = job->batch.windows.origin.year;
    if (status != ATT_OK || origin >= job->last) return status;
    size_t horizon = (size_t)(job->last - origin); /* both within ATT_MAX_YEAR */
    status = att_growth_horizon_check(horizon);
    if (status == ATT_OK) status = growth_batch_run(&job->batch, series, horizon);
    for (size_t h = 0; h < horizon && status == ATT_OK; h++) {
        int32_t year = origin + (int32_t)h + 1;
        if (year >= job->first)
            status = year_quantiles(job, h, quantile + (size_t)(year - job->first) * job->levels);
    }
    return status;
}

static att_status run_table(quantile_job *job, const att_observations *table, att_status *status,
                            double *quantile)
{
    size_t cells = (size_t)(job->last - job->first + 1) * job->levels;
    for (size_t row = 0, end, s = 0; row < table->rows; row = end, s++) {
        end = growth_series_end(table, row);
        att_observations series = growth_rows(table, row, end);
        if (!job->batch.prior) series.error = NULL; /* the random walk takes every figure as exact */
        double *own = quantile + s * cells;
        growth_fill(own, cells, NAN);
        status[s] = run_series(job, &series, own);
        if (status[s] != ATT_OK) growth_fill(own, cells, NAN);
        if (status[s] == ATT_NO_MEMORY) return ATT_NO_MEMORY;
    }
    return ATT_OK;
}

att_status att_growth_quantiles(const att_growth_prior *prior, const att_observations *table, int32_t first,
                                int32_t last, size_t probabilities, const double *probability,
                                att_status *status, double *quantile)
{
    att_status ready = att_growth_years_check(first, last);
    if (ready == ATT_OK && probabilities == 0) ready = ATT_BAD_ARGUMENT;
    if (ready == ATT_OK && !growth_is_sorted(table)) ready = ATT_BAD_ORDER;
    if (ready == ATT_OK && prior) ready = att_growth_prior_check(prior);
    if (ready != ATT_OK) return ready;
    quantile_job job = {.first = first, .last = last, .levels = probabilities};
    ready = job_init(&job, prior, table, probability);
    if (ready == ATT_OK) ready = run_table(&job, table, status, quantile);
    job_free(&job);
    return ready;
}
