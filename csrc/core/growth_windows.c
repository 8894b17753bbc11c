/* Which change over which years does each row tell?
 *
 * Within one scope only changes carry information, since the level of a scope is unknown beforehand: the
 * first level tells none, each later one the change since the level before it, a growth row the change over
 * its year.
 *
 * Windows (from, to] are edges between years. All scopes share one path, whose changes over single years
 * are linearly independent, so without measurement error the covariance of windows is regular exactly when
 * their edges make no cycle: each tree has as many edges as years but one, and no edge is a sum of others;
 * around a cycle they add up to zero. An edge between years that others join already is determined by them.
 * If those are of its own scope, it is a growth row between published figures, repeats what they say, and
 * is set aside. If it takes other scopes to join them, the row is refused: it repeats those scopes or
 * denies them.
 *
 * A row with looseness or error determines nothing: it makes no edge, so these rules are of exact rows alone,
 * between which windows reach over the others. Indeed a combination of rows that has no error of its own
 * is one of exact rows.
 */
#include "growth_windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* Standard deviation in log units beyond which a figure says nothing. */
static const double MOST_ERROR = 10;

att_status growth_windows_init(growth_windows *windows, size_t rows)
{
    *windows = (growth_windows){0};
    windows->window = new_block(rows, 1, 1, sizeof(growth_window));
    windows->change = new_block(rows, 1, 1, sizeof(double));
    windows->anchor = new_block(rows, 1, 1, sizeof(growth_error));
    windows->node = new_block(rows, 2, 1, sizeof(growth_node));
    int ready = windows->window && windows->change && windows->anchor && windows->node;
    return ready ? ATT_OK : ATT_NO_MEMORY;
}

void growth_windows_free(growth_windows *windows)
{
    free(windows->window);
    free(windows->change);
    free(windows->anchor);
    free(windows->node);
    *windows = (growth_windows){0};
}

att_observations growth_rows(const att_observations *table, size_t first, size_t last)
{
    return (att_observations){.rows = last - first,
                              .series = table->series + first,
                              .year = table->year + first,
                              .kind = table->kind + first,
                              .scope = table->scope + first,
                              .value = table->value + first,
                              .looseness = table->looseness ? table->looseness + first : NULL,
                              .error = table->error ? table->error + first : NULL};
}

size_t growth_series_end(const att_observations *table, size_t first)
{
    size_t end = first;
    while (end < table->rows && table->series[end] == table->series[first]) end++;
    return end;
}

static double looseness_of(const att_observations *t, size_t i)
{
    return t->looseness ? t->looseness[i] : 0;
}

static double error_of(const att_observations *t, size_t i)
{
    return t->error ? t->error[i] : 0;
}

int growth_same_pattern(const att_observations *a, const att_observations *b)
{
    if (a->rows != b->rows) return 0;
    for (size_t i = 0; i < a->rows; i++) {
        if (a->year[i] - a->year[0] != b->year[i] - b->year[0]) return 0;
    }
    for (size_t i = 0; i < a->rows; i++) {
        if (looseness_of(a, i) != looseness_of(b, i)) return 0;
    }
    size_t bytes = a->rows * sizeof(int32_t);
    return memcmp(a->kind, b->kind, bytes) == 0 && memcmp(a->scope, b->scope, bytes) == 0;
}

int growth_has_errors(const att_observations *table)
{
    size_t i = 0;
    while (i < table->rows && error_of(table, i) == 0) i++;
    return i < table->rows;
}

static int same_cell(const att_observations *t, size_t i, size_t j)
{
    return t->year[i] == t->year[j] && t->kind[i] == t->kind[j] && t->scope[i] == t->scope[j];
}

static att_status error_status(const att_observations *t, size_t i)
{
    double looseness = looseness_of(t, i), error = error_of(t, i);
    int good = looseness >= 0 && isfinite(looseness) && error >= 0 && error <= MOST_ERROR;
    return good ? ATT_OK : ATT_BAD_ERROR;
}

static att_status value_status(int32_t kind, double value)
{
    if (kind != ATT_ROW_LEVEL && kind != ATT_ROW_GROWTH && kind != ATT_ROW_SHARE) return ATT_BAD_KIND;
    if (!isfinite(value)) return ATT_NOT_FINITE;
    if (kind == ATT_ROW_LEVEL && value <= 0) return ATT_NOT_POSITIVE;
    if (kind == ATT_ROW_GROWTH && value <= -1) return ATT_BELOW_TOTAL_LOSS;
    if (kind == ATT_ROW_SHARE && (value <= 0 || value >= 1)) return ATT_NOT_A_SHARE;
    return ATT_OK;
}

/* The first row says whether a series is of shares. */
static int is_mixed(const att_observations *t, size_t i)
{
    return (t->kind[i] == ATT_ROW_SHARE) != (t->kind[0] == ATT_ROW_SHARE);
}

/* A figure itself, a level or a share, rather than its growth. */
static int is_figure(const att_observations *t, size_t i)
{
    return t->kind[i] != ATT_ROW_GROWTH;
}

/* y of a figure. */
static double transformed(const att_observations *t, size_t i)
{
    double y = log(t->value[i]);
    return t->kind[i] == ATT_ROW_SHARE ? y - log1p(-t->value[i]) : y;
}

static att_status row_status(const att_observations *t, size_t i)
{
    if (t->year[i] < -ATT_MAX_YEAR || t->year[i] > ATT_MAX_YEAR) return ATT_BAD_ARGUMENT;
    if (i > 0 && t->year[i] < t->year[i - 1]) return ATT_BAD_ORDER;
    for (size_t j = i; j-- > 0 && t->year[j] == t->year[i];) {
        if (same_cell(t, i, j)) return ATT_REPEATED;
    }
    att_status value = value_status(t->kind[i], t->value[i]);
    if (value == ATT_OK && is_mixed(t, i)) return ATT_MIXED_KINDS;
    return value == ATT_OK ? error_status(t, i) : value;
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

static size_t previous_level(const att_observations *t, size_t i)
{
    size_t j = i;
    while (j-- > 0) {
        if (is_figure(t, j) && t->scope[j] == t->scope[i]) return j;
    }
    return t->rows;
}

static int is_exact(const att_observations *t, size_t i)
{
    return looseness_of(t, i) == 0 && error_of(t, i) == 0;
}

static growth_error error_at(const att_observations *t, size_t i)
{
    double error = error_of(t, i);
    return (growth_error){is_exact(t, i) ? GROWTH_NO_ROW : i, looseness_of(t, i), error * error};
}

static const growth_error NO_ERROR = {GROWTH_NO_ROW, 0, 0};

/* A first level is a window of no years. */
static att_row_use read_level(const att_observations *t, size_t i, growth_windows *out)
{
    size_t before = previous_level(t, i);
    int first = before == t->rows;
    if (first) before = i;
    out->window[i] =
        (growth_window){t->year[before], t->year[i], t->scope[i], error_at(t, i), error_at(t, before)};
    out->change[i] = first ? 0 : transformed(t, i) - transformed(t, before);
    return first ? ATT_USE_FIRST_LEVEL : ATT_USE_CHANGE;
}

static att_row_use read_growth(const att_observations *t, size_t i, growth_windows *out)
{
    out->window[i] = (growth_window){t->year[i] - 1, t->year[i], t->scope[i], error_at(t, i), NO_ERROR};
    out->change[i] = log1p(t->value[i]);
    return ATT_USE_CHANGE;
}

/* The root above a year on a scope, which becomes a node when it is new. Sought from the end: the years of
 * rows ascend, so what is sought was added a moment ago. */
static size_t root_of(growth_windows *out, int32_t year, int32_t scope)
{
    size_t n = out->nodes;
    while (n-- > 0) {
        if (out->node[n].year != year || out->node[n].scope != scope) continue;
        while (out->node[n].parent != n) n = out->node[n].parent;
        return n;
    }
    out->node[out->nodes] = (growth_node){year, scope, out->nodes};
    return out->nodes++;
}

/* Joins the ends of a window on a scope; 0 when they are joined already. */
static int join(growth_windows *out, growth_window window, int32_t scope)
{
    size_t from = root_of(out, window.from, scope), to = root_of(out, window.to, scope);
    out->node[from].parent = to;
    return from != to;
}

static int are_joined(growth_windows *out, growth_window window)
{
    return root_of(out, window.from, window.scope) == root_of(out, window.to, window.scope);
}

static int is_window(growth_window window)
{
    return window.from < window.to;
}

/* The window that an exact row makes among the exact ones: of no years for a first level and for a row with
 * an error. */
static growth_window exact_window(const att_observations *t, size_t i, const growth_windows *out)
{
    growth_window window = out->window[i];
    if (!is_exact(t, i)) window.from = window.to;
    while (is_window(window) && window.base.row != GROWTH_NO_ROW) {
        size_t before = previous_level(t, window.base.row);
        window.base = before < t->rows ? error_at(t, before) : NO_ERROR;
        window.from = before < t->rows ? t->year[before] : window.to;
    }
    return window;
}

/* Growth rows that are not loose between figures that follow from the exact rows of their scope tell nothing,
 * not even of s2: they become windows of no years. */
static void set_redundant_aside(const att_observations *t, growth_windows *out, att_row_use *use)
{
    out->nodes = 0;
    for (size_t i = 0; i < t->rows; i++) {
        if (is_figure(t, i)) join(out, exact_window(t, i, out), t->scope[i]);
    }
    for (int exact = 1; exact >= 0; exact--) {
        for (size_t i = 0; i < t->rows; i++) {
            if (is_figure(t, i) || is_exact(t, i) != exact || looseness_of(t, i) > 0) continue;
            if (exact ? join(out, out->window[i], t->scope[i]) : !are_joined(out, out->window[i])) continue;
            out->window[i].from = out->window[i].to;
            if (use) use[i] = ATT_USE_REDUNDANT;
        }
    }
}

/* Marks the exact figures, or growth rows, that close a cycle of scopes; the windows joined so far stay
 * joined. */
static att_status join_scopes(const att_observations *t, int figures, growth_windows *out, att_status *status)
{
    att_status worst = ATT_OK;
    for (size_t i = 0; i < t->rows; i++) {
        growth_window window = exact_window(t, i, out);
        if (is_figure(t, i) != figures || !is_window(window) || join(out, window, 0)) continue;
        worst = ATT_OVERLAP;
        if (status) status[i] = worst;
    }
    return worst;
}

static att_status check_scopes(const att_observations *t, growth_windows *out, att_status *status)
{
    out->nodes = 0;
    att_status levels = join_scopes(t, 1, out, status);
    att_status growth = join_scopes(t, 0, out, status);
    return levels != ATT_OK ? levels : growth;
}

/* Levels of one scope, as most series are, stand side by side: nothing to look for. */
static int is_chain(const att_observations *t)
{
    size_t i = 0;
    while (i < t->rows && is_figure(t, i) && t->scope[i] == t->scope[0]) i++;
    return i == t->rows;
}

static void keep_windows(size_t rows, growth_windows *out)
{
    for (size_t i = 0; i < rows; i++) {
        if (!is_window(out->window[i])) continue;
        out->window[out->count] = out->window[i];
        out->change[out->count++] = out->change[i];
    }
}

/* Row of growth of that year and scope without looseness, or rows when there is none. */
static size_t find_growth(const att_observations *t, int32_t year, int32_t scope)
{
    size_t i = 0;
    while (i < t->rows && (t->year[i] != year || t->kind[i] != ATT_ROW_GROWTH || t->scope[i] != scope ||
                           looseness_of(t, i) > 0))
        i++;
    return i;
}

static void add_anchor(const att_observations *t, size_t row, growth_windows *out)
{
    if (!is_exact(t, row)) out->anchor[out->anchors++] = error_at(t, row);
}

/* Without levels: the last row that is not loose, or else the year before the first row. */
static void find_origin_of_growth(const att_observations *t, growth_windows *out)
{
    size_t last = t->rows;
    while (last > 0 && looseness_of(t, last - 1) > 0) last--;
    int32_t year = last > 0 ? t->year[last - 1] : t->year[0] - 1;
    out->origin = (att_origin){year, 0, (int32_t)out->count, t->scope[last > 0 ? last - 1 : 0], 0};
}

static void find_origin(const att_observations *t, growth_windows *out)
{
    size_t last = t->rows, row;
    int32_t levels = 0;
    for (size_t i = 0; i < t->rows; i++) {
        if (!is_figure(t, i)) continue;
        levels++;
        last = i;
    }
    if (levels == 0) {
        find_origin_of_growth(t, out);
        return;
    }
    int32_t year = t->year[last], scope = t->scope[last];
    double log_level = transformed(t, last);
    add_anchor(t, last, out);
    while ((row = find_growth(t, year + 1, scope)) < t->rows) {
        log_level += log1p(t->value[row]);
        add_anchor(t, row, out);
        year++;
    }
    out->origin = (att_origin){year, levels, (int32_t)out->count, scope, log_level};
}

/* Notes whether the table has looseness and errors. */
static void note_errors(const att_observations *t, growth_windows *out)
{
    out->has_errors = growth_has_errors(t);
    out->is_loose = 0;
    for (size_t i = 0; i < t->rows; i++) out->is_loose |= looseness_of(t, i) > 0;
}

att_status growth_read(const att_observations *t, growth_windows *out, att_status *status, att_row_use *use)
{
    out->count = out->anchors = 0;
    out->origin = (att_origin){0};
    att_status worst = check_rows(t, status);
    if (worst != ATT_OK) return worst;
    note_errors(t, out);
    for (size_t i = 0; i < t->rows; i++) {
        att_row_use row = is_figure(t, i) ? read_level(t, i, out) : read_growth(t, i, out);
        if (use) use[i] = row;
    }
    if (!is_chain(t)) {
        set_redundant_aside(t, out, use);
        worst = check_scopes(t, out, status);
    }
    keep_windows(t->rows, out);
    if (worst == ATT_OK) find_origin(t, out);
    return worst;
}
