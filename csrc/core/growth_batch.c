/* Many series at once: what depends on the pattern of rows, on df and on the probabilities is computed once
 * and kept.
 *
 * The batch walks the table series by series. It holds the factorisation of the last pattern met, and one t
 * table for each df met; a series that brings neither costs its whitened changes and its quantiles only. A
 * series with errors shares nothing with others but the table of the normal.
 */
#include <math.h>
#include <stdlib.h>

#include "growth_node_quantiles.h"
#include "growth_posterior.h"
#include "margin_table.h"
#include "memory.h"
#include "random_walk.h"

enum { MAX_TABLES = 255 };

typedef struct {
    const att_growth_prior *prior; /* NULL: the random walk */
    size_t components;
    int32_t first, last;
    size_t levels;
    quantile_level *level;
    double *score; /* (levels) quantiles of the standard t, for a single component */
    growth_windows windows;
    att_observations pattern; /* rows of the series that was factorised; none when nothing stands */
    growth_factors factors;
    random_walk walk;
    double *location;                            /* (K, H) of the pattern's horizon */
    double *weight, *df, *ratio, *place, *scale; /* (K) */
    unsigned char *table_of;                     /* (K) */
    table_component *scratch;                    /* (K) */
    t_table *table;                              /* (MAX_TABLES) */
    size_t tables;
} batch;

att_status att_growth_years_check(int32_t first, int32_t last)
{
    return -ATT_MAX_YEAR <= first && first <= last && last <= ATT_MAX_YEAR ? ATT_OK : ATT_BAD_ARGUMENT;
}

size_t att_observations_series(const att_observations *table)
{
    size_t count = 0;
    for (size_t row = 0; row < table->rows; row = growth_series_end(table, row)) count++;
    return count;
}

static size_t longest_series(const att_observations *table)
{
    size_t longest = 0;
    for (size_t row = 0, end; row < table->rows; row = end) {
        end = growth_series_end(table, row);
        if (end - row > longest) longest = end - row;
    }
    return longest;
}

static int is_sorted(const att_observations *table)
{
    for (size_t row = 1; row < table->rows; row++) {
        if (table->series[row] < table->series[row - 1]) return 0;
    }
    return 1;
}

att_status att_growth_origins(const att_observations *table, att_status *status, att_row_use *use,
                              att_origin *origin)
{
    growth_windows windows;
    if (!is_sorted(table)) return ATT_BAD_ORDER;
    att_status ready = growth_windows_init(&windows, longest_series(table));
    for (size_t row = 0, end, s = 0; ready == ATT_OK && row < table->rows; row = end, s++) {
        end = growth_series_end(table, row);
        att_observations series = growth_rows(table, row, end);
        growth_read(&series, &windows, status + row, use + row);
        origin[s] = windows.origin;
    }
    growth_windows_free(&windows);
    return ready;
}

static void batch_free(batch *b)
{
    free(b->level);
    free(b->score);
    growth_windows_free(&b->windows);
    growth_factors_free(&b->factors);
    random_walk_free(&b->walk);
    free(b->location);
    free(b->weight);
    free(b->df);
    free(b->ratio);
    free(b->place);
    free(b->scale);
    free(b->table_of);
    free(b->scratch);
    free(b->table);
}

static att_status batch_init(batch *b, const att_observations *table, const double *probability)
{
    size_t k = b->components;
    b->level = new_block(b->levels, 1, 1, sizeof(quantile_level));
    b->score = new_block(b->levels, 1, 1, sizeof(double));
    b->weight = new_block(k, 1, 1, sizeof(double));
    b->df = new_block(k, 1, 1, sizeof(double));
    b->ratio = new_block(k, 1, 1, sizeof(double));
    b->place = new_block(k, 1, 1, sizeof(double));
    b->scale = new_block(k, 1, 1, sizeof(double));
    b->table_of = new_block(k, 1, 1, sizeof(unsigned char));
    b->scratch = new_block(k, 1, 1, sizeof(table_component));
    b->table = new_block(MAX_TABLES, 1, 1, sizeof(t_table));
    if (!b->level || !b->score || !b->weight || !b->df || !b->ratio || !b->place || !b->scale ||
        !b->table_of || !b->scratch || !b->table)
        return ATT_NO_MEMORY;
    att_status status = growth_windows_init(&b->windows, longest_series(table));
    return status == ATT_OK ? quantile_levels_prepare(probability, b->levels, b->level) : status;
}

/* Index of the table of a df, built when it is new; MAX_TABLES when there is no room or no table of that
 * df. */
static size_t table_of_df(batch *b, double df)
{
    size_t t = 0;
    while (t < b->tables && b->table[t].df != df) t++;
    if (t < b->tables) return t;
    if (t == MAX_TABLES || t_table_build(df, &b->table[t]) != ATT_OK) return MAX_TABLES;
    return b->tables++;
}

/* Finds every component's table; 0 when one has none. */
static int assign_tables(batch *b)
{
    for (size_t k = 0; k < b->components; k++) {
        size_t t = table_of_df(b, b->df[k]);
        if (t == MAX_TABLES) return 0;
        b->table_of[k] = (unsigned char)t;
    }
    return 1;
}

/* The standard quantiles of a single component. */
static att_status prepare_scores(batch *b)
{
    for (size_t i = 0; i < b->levels; i++) {
        b->score[i] = att_quantile(b->level[i].log_p, b->df[0], b->level[i].side);
        if (isnan(b->score[i])) return ATT_NO_CONVERGENCE;
    }
    return ATT_OK;
}

static void prepare_tables(batch *b)
{
    if (assign_tables(b)) return;
    b->tables = 0; /* full of other df, or a df below the tables' range: then a second failure leaves none */
    if (!assign_tables(b)) b->tables = 0;
}

static att_status factorise(batch *b, const att_observations *series, size_t horizon)
{
    b->pattern.rows = 0;
    growth_factors_free(&b->factors);
    random_walk_free(&b->walk);
    free(b->location);
    b->location = new_block(b->components, horizon, 1, sizeof(double));
    if (!b->location) return ATT_NO_MEMORY;
    att_status status = b->prior ? growth_factors_init(&b->factors, b->prior, &b->windows, horizon)
                                 : random_walk_init(&b->walk, &b->windows, horizon);
    if (status != ATT_OK) return status;
    for (size_t k = 0; k < b->components; k++) {
        b->df[k] = b->prior ? growth_factors_df(&b->factors, k) : (double)(b->windows.count - 1);
    }
    if (b->components > 1)
        prepare_tables(b);
    else
        status = prepare_scores(b);
    if (status == ATT_OK) b->pattern = *series;
    return status;
}

static int stands(const batch *b, const att_observations *series, size_t horizon)
{
    size_t factorised = b->prior ? b->factors.horizon : b->walk.horizon;
    return b->pattern.rows > 0 && factorised == horizon && growth_same_pattern(&b->pattern, series);
}

static att_status run_model(batch *b)
{
    if (b->prior) return growth_factors_run(&b->factors, &b->windows, b->weight, b->location, b->ratio);
    b->weight[0] = 1;
    random_walk_run(&b->walk, &b->windows, b->location, b->ratio);
    return ATT_OK;
}

/* A known value has no spread, even where the score is infinite. */
static void single_quantiles(const batch *b, double *quantile)
{
    for (size_t i = 0; i < b->levels; i++)
        quantile[i] = b->scale[0] > 0 ? b->place[0] + b->scale[0] * b->score[i] : b->place[0];
}

static att_status year_quantiles(batch *b, size_t horizon, size_t h, double *quantile)
{
    const double *residual = b->prior ? b->factors.residual : b->walk.residual;
    for (size_t k = 0; k < b->components; k++) {
        b->place[k] = b->location[k * horizon + h];
        b->scale[k] = sqrt(fmax(0, b->ratio[k] * residual[(k * horizon + h) * horizon + h]));
    }
    att_margin margin = {b->components, b->weight, b->df, b->place, b->scale};
    att_status status = ATT_OK;
    if (b->components == 1) {
        single_quantiles(b, quantile);
        return ATT_OK;
    }
    if (b->tables > 0)
        return margin_table_quantiles(&margin, b->table, b->table_of, b->level, b->levels, b->scratch,
                                      quantile);
    for (size_t i = 0; i < b->levels && status == ATT_OK; i++)
        status = att_margin_quantile(&margin, b->level[i].p, quantile + i);
    return status;
}

/* Quantiles from the closed form, for the years ahead but the first `skip`. */
static att_status run_closed_form(batch *b, const att_observations *series, size_t horizon, size_t skip,
                                  double *quantile)
{
    att_status status = stands(b, series, horizon) ? ATT_OK : factorise(b, series, horizon);
    if (status == ATT_OK) status = run_model(b);
    for (size_t h = skip; h < horizon && status == ATT_OK; h++)
        status = year_quantiles(b, horizon, h, quantile + (h - skip) * b->levels);
    return status;
}

/* quantile (Y, Q) of one series, filled with NaN beforehand; part of it stands written when a year fails. */
static att_status run_series(batch *b, const att_observations *series, double *quantile)
{
    att_status status = growth_read(series, &b->windows, NULL, NULL);
    int32_t origin = b->windows.origin.year;
    if (status != ATT_OK || origin >= b->last) return status;
    size_t horizon = (size_t)(b->last - origin); /* both within ATT_MAX_YEAR */
    status = att_growth_horizon_check(horizon);
    if (status != ATT_OK) return status;
    size_t skip = b->first > origin ? (size_t)(b->first - origin - 1) : 0;
    double *ahead = quantile + (skip > 0 ? 0 : (size_t)(origin + 1 - b->first) * b->levels);
    if (b->windows.has_errors)
        return growth_node_quantiles(b->prior, &b->windows, horizon, skip, b->level, b->levels, ahead);
    return run_closed_form(b, series, horizon, skip, ahead);
}

static void fill(double *cell, size_t count, double value)
{
    for (size_t c = 0; c < count; c++) cell[c] = value;
}

static att_status run_table(batch *b, const att_observations *table, att_status *status, double *quantile)
{
    size_t cells = (size_t)(b->last - b->first + 1) * b->levels;
    for (size_t row = 0, end, s = 0; row < table->rows; row = end, s++) {
        end = growth_series_end(table, row);
        att_observations series = growth_rows(table, row, end);
        if (!b->prior) series.error = NULL; /* the random walk takes every figure as exact */
        double *own = quantile + s * cells;
        fill(own, cells, NAN);
        status[s] = run_series(b, &series, own);
        if (status[s] != ATT_OK) fill(own, cells, NAN);
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
    if (ready == ATT_OK && !is_sorted(table)) ready = ATT_BAD_ORDER;
    if (ready == ATT_OK && prior) ready = att_growth_prior_check(prior);
    if (ready != ATT_OK) return ready;
    batch b = {.prior = prior,
               .components = prior ? prior->points : 1,
               .first = first,
               .last = last,
               .levels = probabilities};
    ready = batch_init(&b, table, probability);
    if (ready == ATT_OK) ready = run_table(&b, table, status, quantile);
    batch_free(&b);
    return ready;
}
