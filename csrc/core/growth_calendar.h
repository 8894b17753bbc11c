/* The years that the windows of a series begin or end in: what covariances need of a pattern, once. */
#ifndef ATTAIN_CORE_GROWTH_CALENDAR_H
#define ATTAIN_CORE_GROWTH_CALENDAR_H

#include "growth_windows.h"

typedef struct {
    size_t nodes;
    int32_t *year; /* (M) distinct, descending: the end of the horizon first */
    int32_t seen;  /* the last year that the figures reach */
    size_t ahead;  /* the windows of the years ahead come after those of the changes */
    size_t *from;  /* (n + H) node in which a window begins, */
    size_t *to;    /* and in which it ends */
} growth_calendar;

/* Of the n windows and the H years ahead of the origin; free whatever the status, a zeroed object too. */
att_status growth_calendar_init(growth_calendar *calendar, const growth_windows *windows, size_t horizon);
void growth_calendar_free(growth_calendar *calendar);

#endif
