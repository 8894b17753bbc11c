/* Which years does a pattern of rows name? Covariances are needed between them only, however far apart they lie.
 */
#include "growth_calendar.h"

#include <stdlib.h>

#include "memory.h"

static int later_first(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x < y) - (x > y);
}

static size_t drop_repeats(int32_t *year, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || year[i] != year[kept - 1]) year[kept++] = year[i];
    }
    return kept;
}

static size_t node_of(const growth_calendar *calendar, int32_t year)
{
    const int32_t *found =
        bsearch(&year, calendar->year, calendar->nodes, sizeof *calendar->year, later_first);
    return (size_t)(found - calendar->year);
}

static void collect_years(growth_calendar *calendar, const growth_windows *windows, size_t horizon)
{
    size_t count = 0;
    calendar->seen = windows->origin.year;
    for (size_t i = 0; i < windows->count; i++) {
        calendar->year[count++] = windows->window[i].from;
        calendar->year[count++] = windows->window[i].to;
        if (windows->window[i].to > calendar->seen) calendar->seen = windows->window[i].to;
    }
    for (size_t h = 0; h <= horizon; h++) calendar->year[count++] = windows->origin.year + (int32_t)h;
    qsort(calendar->year, count, sizeof *calendar->year, later_first);
    calendar->nodes = drop_repeats(calendar->year, count);
}

static void place_windows(growth_calendar *calendar, const growth_windows *windows, size_t horizon)
{
    for (size_t i = 0; i < windows->count; i++) {
        calendar->from[i] = node_of(calendar, windows->window[i].from);
        calendar->to[i] = node_of(calendar, windows->window[i].to);
    }
    for (size_t h = 0; h < horizon; h++) {
        calendar->from[calendar->ahead + h] = node_of(calendar, windows->origin.year);
        calendar->to[calendar->ahead + h] = node_of(calendar, windows->origin.year + (int32_t)h + 1);
    }
}

att_status growth_calendar_init(growth_calendar *calendar, const growth_windows *windows, size_t horizon)
{
    size_t n = windows->count;
    *calendar = (growth_calendar){.ahead = n};
    calendar->year = new_block(2 * n + horizon + 1, 1, 1, sizeof *calendar->year);
    calendar->from = new_block(n + horizon, 1, 1, sizeof *calendar->from);
    calendar->to = new_block(n + horizon, 1, 1, sizeof *calendar->to);
    if (!calendar->year || !calendar->from || !calendar->to) return ATT_NO_MEMORY;
    collect_years(calendar, windows, horizon);
    place_windows(calendar, windows, horizon);
    return ATT_OK;
}

void growth_calendar_free(growth_calendar *calendar)
{
    free(calendar->year);
    free(calendar->from);
    free(calendar->to);
    *calendar = (growth_calendar){0};
}
