/* Many series at once: what depends on the pattern of rows and on df is computed once and kept.
 *
 * A batch walks the table series by series. It holds the factorisation of the last pattern met, and one t
 * table for each df met; a series that brings neither costs its whitened changes and what is asked of its
 * margins only.
 */
#include "growth_batch.h"

#include <math.h>
#include <stdlib.h>

#include "growth_nodes.h"
#include "memory.h"

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

int growth_is_sorted(const att_observations *table)
{
    for (size_t row = 1; row < table->rows; row++) {
        if (table->series[row] < table->series[row - 1]) return 0;
    }
    return 1;
}

void growth_fill(double *cell, size_t count, double value)
{
    for (size_t c = 0; c < count; c++) cell[c] = value;
}

att_status att_growth_origins(const att_observations *table, att_status *status, att_row_use *use,
                              att_origin *origin)
{
    growth_windows windows;
    if (!growth_is_sorted(table)) return ATT_BAD_ORDER;
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

void growth_batch_free(growth_batch *b)
{
    growth_windows_free(&b->windows);
    growth_factors_free(&b->factors);
    random_walk_free(&b->walk);
    free(b->location);
    free(b->node_location);
    free(b->node_scale);
    free(b->weight);
    free(b->df);
    free(b->ratio);
    free(b->place);
    free(b->scale);
    free(b->table_of);
    free(b->table);
}

att_status growth_batch_init(growth_batch *b, const att_growth_prior *prior, const att_observations *table)
{
    size_t k = prior ? prior->points : 1;
    if (prior && growth_has_errors(table)) k *= ATT_SCALE_NODES;
    *b = (growth_batch){.prior = prior, .capacity = k};
    b->weight = new_block(k, 1, 1, sizeof(double));
    b->df = new_block(k, 1, 1, sizeof(double));
    b->ratio = new_block(k, 1, 1, sizeof(double));
    b->place = new_block(k, 1, 1, sizeof(double));
    b->scale = new_block(k, 1, 1, sizeof(double));
    b->table_of = new_block(k, 1, 1, sizeof(unsigned char));
    b->table = new_block(GROWTH_BATCH_TABLES, 1, 1, sizeof(t_table));
    if (!b->weight || !b->df || !b->ratio || !b->place || !b->scale || !b->table_of || !b->table)
        return ATT_NO_MEMORY;
    return growth_windows_init(&b->windows, longest_series(table));
}

/* Index of the table of a df, built when it is new; GROWTH_BATCH_TABLES when there is no room or no table of that
 * df. */
static size_t table_of_df(growth_batch *b, double df)
{
    size_t t = 0;
    while (t < b->tables && b->table[t].df != df) t++;
    if (t < b->tables) return t;
    if (t == GROWTH_BATCH_TABLES || t_table_build(df, &b->table[t]) != ATT_OK) return GROWTH_BATCH_TABLES;
    return b->tables++;
}

/* Finds every component's table; 0 when one has none. */
static int assign_tables(growth_batch *b)
{
    for (size_t k = 0; k < b->components; k++) {
        size_t t = table_of_df(b, b->df[k]);
        if (t == GROWTH_BATCH_TABLES) return 0;
        b->table_of[k] = (unsigned char)t;
    }
    return 1;
}

static void prepare_tables(growth_batch *b)
{
    if (assign_tables(b)) return;
    b->tables = 0; /* full of other df, or a df below the tables' range: then a second failure leaves none */
    if (!assign_tables(b)) b->tables = 0;
}

static att_status factorise(growth_batch *b, const att_observations *series, size_t horizon)
{
    b->pattern.rows = 0;
    growth_factors_free(&b->factors);
    random_walk_free(&b->walk);
    free(b->location);
    b->components = b->prior ? b->prior->points : 1;
    b->location = new_block(b->components, horizon, 1, sizeof(double));
    if (!b->location) return ATT_NO_MEMORY;
    att_status status = b->prior ? growth_factors_init(&b->factors, b->prior, &b->windows, horizon)
                                 : random_walk_init(&b->walk, &b->windows, horizon);
    if (status != ATT_OK) return status;
    for (size_t k = 0; k < b->components; k++) {
        b->df[k] = b->prior ? growth_factors_df(&b->factors, k) : (double)(b->windows.count - 1);
    }
    prepare_tables(b);
    b->pattern = *series;
    return ATT_OK;
}

static int stands(const growth_batch *b, const att_observations *series, size_t horizon)
{
    size_t factorised = b->prior ? b->factors.horizon : b->walk.horizon;
    return b->pattern.rows > 0 && factorised == horizon && growth_same_pattern(&b->pattern, series);
}

static att_status run_model(growth_batch *b)
{
    if (b->prior) return growth_factors_run(&b->factors, &b->windows, b->weight, b->location, b->ratio);
    b->weight[0] = 1;
    random_walk_run(&b->walk, &b->windows, b->location, b->ratio);
    return ATT_OK;
}

static void drop_nodes(growth_batch *b)
{
    free(b->node_location);
    free(b->node_scale);
    b->node_location = b->node_scale = NULL;
}

/* Normal components, one for each point and node of the scale. */
static att_status run_nodes(growth_batch *b, size_t horizon)
{
    b->pattern.rows = 0; /* the tables that stand are no longer those of a pattern */
    b->components = b->capacity;
    b->node_horizon = horizon;
    b->node_location = new_block(b->components, horizon, 1, sizeof(double));
    b->node_scale = new_block(b->components, horizon, horizon, sizeof(double));
    if (!b->node_location || !b->node_scale) return ATT_NO_MEMORY;
    growth_fill(b->df, b->components, INFINITY);
    prepare_tables(b);
    return growth_nodes_run(b->prior, &b->windows, horizon, b->weight, b->node_location, b->node_scale);
}

att_status growth_batch_run(growth_batch *b, const att_observations *series, size_t horizon)
{
    drop_nodes(b);
    if (b->prior && b->windows.has_errors) return run_nodes(b, horizon);
    att_status status = stands(b, series, horizon) ? ATT_OK : factorise(b, series, horizon);
    return status == ATT_OK ? run_model(b) : status;
}

static void node_margin(growth_batch *b, size_t h)
{
    size_t horizon = b->node_horizon;
    for (size_t k = 0; k < b->components; k++) {
        b->place[k] = b->node_location[k * horizon + h];
        b->scale[k] = sqrt(fmax(0, b->node_scale[(k * horizon + h) * horizon + h]));
    }
}

static void closed_margin(growth_batch *b, size_t h)
{
    const double *residual = b->prior ? b->factors.residual : b->walk.residual;
    size_t horizon = b->prior ? b->factors.horizon : b->walk.horizon;
    for (size_t k = 0; k < b->components; k++) {
        b->place[k] = b->location[k * horizon + h];
        b->scale[k] = sqrt(fmax(0, b->ratio[k] * residual[(k * horizon + h) * horizon + h]));
    }
}

att_margin growth_batch_margin(growth_batch *b, size_t h)
{
    if (b->node_location)
        node_margin(b, h);
    else
        closed_margin(b, h);
    return (att_margin){b->components, b->weight, b->df, b->place, b->scale};
}
