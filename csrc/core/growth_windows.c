/* Which change over which years does each row tell?
 *
 * Within one scope only changes carry information, since the level of a scope is unknown beforehand: the first level
 * tells none, each later one the change since the level before it, a growth row the change over its year. A growth row
 * that closes a chain of published figures between two levels repeats what they say, and is set aside.
 */
#include "growth_windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { MAX_YEAR = 100000 };

att_status growth_windows_init(growth_windows *windows, size_t rows)
{
    *windows = (growth_windows){0};
    windows->window = att_new(rows, 1, 1, sizeof(growth_window));
    windows->change = att_new(rows, 1, 1, sizeof(double));
    return windows->window && windows->change ? ATT_OK : ATT_NO_MEMORY;
}

void growth_windows_free(growth_windows *windows)
{
    free(windows->window);
    free(windows->change);
    *windows = (growth_windows){0};
}

att_observations growth_rows(const att_observations *table, size_t first, size_t last)
{
    return (att_observations){.rows = last - first,
                              .series = table->series + first,
                              .year = table->year + first,
                              .kind = table->kind + first,
                              .scope = table->scope + first,
                              .value = table->value + first};
}

size_t growth_series_end(const att_observations *table, size_t first)
{
    size_t end = first;
    while (end < table->rows && table->series[end] == table->series[first]) end++;
    return end;
}

int growth_same_pattern(const att_observations *a, const att_observations *b)
{
    if (a->rows != b->rows) return 0;
    for (size_t i = 0; i < a->rows; i++) {
        if (a->year[i] - a->year[0] != b->year[i] - b->year[0]) return 0;
    }
    size_t bytes = a->rows * sizeof(int32_t);
    return memcmp(a->kind, b->kind, bytes) == 0 && memcmp(a->scope, b->scope, bytes) == 0;
}

static int same_cell(const att_observations *t, size_t i, size_t j)
{
    return t->year[i] == t->year[j] && t->kind[i] == t->kind[j] && t->scope[i] == t->scope[j];
}

static att_status value_status(int32_t kind, double value)
{
    if (kind != ATT_ROW_LEVEL && kind != ATT_ROW_GROWTH) return ATT_BAD_KIND;
    if (!isfinite(value)) return ATT_NOT_FINITE;
    if (kind == ATT_ROW_LEVEL && value <= 0) return ATT_NOT_POSITIVE;
    if (kind == ATT_ROW_GROWTH && value <= -1) return ATT_BELOW_TOTAL_LOSS;
    return ATT_OK;
}

static att_status row_status(const att_observations *t, size_t i)
{
    if (t->year[i] < -MAX_YEAR || t->year[i] > MAX_YEAR) return ATT_BAD_ARGUMENT;
    if (i > 0 && t->year[i] < t->year[i - 1]) return ATT_BAD_ORDER;
    for (size_t j = i; j-- > 0 && t->year[j] == t->year[i];) {
        if (same_cell(t, i, j)) return ATT_REPEATED;
    }
    return value_status(t->kind[i], t->value[i]);
}

static att_status check_rows(const att_observations *t, att_status *status)
{
    att_status worst = t->rows ? ATT_OK : ATT_TOO_FEW;
    for (size_t i = 0; i < t->rows; i++) {
        att_status row = row_status(t, i);
        if (status) status[i] = row;
        if (worst == ATT_OK) worst = row;
    }
    return worst;
}

/* Row of that year, kind and scope, or rows when there is none. */
static size_t find_row(const att_observations *t, int32_t year, int32_t kind, int32_t scope)
{
    size_t i = 0;
    while (i < t->rows && (t->year[i] != year || t->kind[i] != kind || t->scope[i] != scope)) i++;
    return i;
}

static int has_row(const att_observations *t, int32_t year, int32_t kind, int32_t scope)
{
    return find_row(t, year, kind, scope) < t->rows;
}

/* Does the figure of that year follow from a published level by published growth? */
static int is_anchored(const att_observations *t, int32_t year, int32_t scope)
{
    while (!has_row(t, year, ATT_ROW_LEVEL, scope)) {
        if (!has_row(t, year, ATT_ROW_GROWTH, scope)) return 0;
        year--;
    }
    return 1;
}

static size_t previous_level(const att_observations *t, size_t i)
{
    size_t j = i;
    while (j-- > 0) {
        if (t->kind[j] == ATT_ROW_LEVEL && t->scope[j] == t->scope[i]) return j;
    }
    return t->rows;
}

static void add_change(growth_windows *out, int32_t from, int32_t to, int32_t scope, double change)
{
    out->window[out->count] = (growth_window){from, to, scope};
    out->change[out->count++] = change;
}

static att_row_use read_level(const att_observations *t, size_t i, growth_windows *out)
{
    size_t before = previous_level(t, i);
    if (before == t->rows) return ATT_USE_FIRST_LEVEL;
    add_change(out, t->year[before], t->year[i], t->scope[i], log(t->value[i]) - log(t->value[before]));
    return ATT_USE_CHANGE;
}

static att_row_use read_growth(const att_observations *t, size_t i, growth_windows *out)
{
    int32_t year = t->year[i], scope = t->scope[i];
    if (has_row(t, year, ATT_ROW_LEVEL, scope) && is_anchored(t, year - 1, scope)) return ATT_USE_REDUNDANT;
    add_change(out, year - 1, year, scope, log1p(t->value[i]));
    return ATT_USE_CHANGE;
}

static void find_origin(const att_observations *t, growth_windows *out)
{
    size_t last = t->rows - 1, row;
    int32_t levels = 0;
    for (size_t i = 0; i < t->rows; i++) {
        if (t->kind[i] != ATT_ROW_LEVEL) continue;
        levels++;
        last = i;
    }
    int32_t year = t->year[last], scope = t->scope[last];
    double log_level = levels ? log(t->value[last]) : 0;
    while (levels && (row = find_row(t, year + 1, ATT_ROW_GROWTH, scope)) < t->rows) {
        log_level += log1p(t->value[row]);
        year++;
    }
    out->origin = (att_origin){year, levels, (int32_t)out->count, scope, log_level};
}

att_status growth_read(const att_observations *t, growth_windows *out, att_status *status, att_row_use *use)
{
    out->count = 0;
    out->origin = (att_origin){0};
    att_status worst = check_rows(t, status);
    if (worst != ATT_OK) return worst;
    for (size_t i = 0; i < t->rows; i++) {
        att_row_use row = t->kind[i] == ATT_ROW_LEVEL ? read_level(t, i, out) : read_growth(t, i, out);
        if (use) use[i] = row;
    }
    find_origin(t, out);
    return ATT_OK;
}
