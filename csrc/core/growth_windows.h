/* One series read as windows: what each row says, and where the forecast starts. */
#ifndef ATTAIN_CORE_GROWTH_WINDOWS_H
#define ATTAIN_CORE_GROWTH_WINDOWS_H

#include "attain/growth.h"

/* The error of one row: windows that share the row share it. */
typedef struct {
    size_t row;       /* its place in the table; GROWTH_NO_ROW: no error */
    double looseness; /* variance in units of s2, */
    double variance;  /* and known beforehand */
} growth_error;

#define GROWTH_NO_ROW SIZE_MAX

/* The log change of the figure of one scope over the years (from, to], as rows tell it: the error of `end`
 * adds to it, that of `base`, the level it is a change from, is subtracted. */
typedef struct {
    int32_t from;
    int32_t to;
    int32_t scope;
    growth_error end;
    growth_error base;
} growth_window;

/* A year on a scope; the nodes under one root are joined by windows. */
typedef struct {
    int32_t year;
    int32_t scope;
    size_t parent; /* itself: a root */
} growth_node;

typedef struct {
    size_t count;          /* windows that carry likelihood */
    growth_window *window; /* (capacity) */
    double *change;        /* (capacity) */
    att_origin origin;
    size_t anchors;
    growth_error *anchor; /* (capacity) the errors that the origin's figure comes with */
    int is_loose;         /* has a row looseness, */
    int has_errors;       /* an error? */
    size_t nodes;
    growth_node *node; /* (2 capacity) scratch of growth_read */
} growth_windows;

/* Room for series of up to `rows` rows; free whatever the status, a zeroed object too. */
att_status growth_windows_init(growth_windows *windows, size_t rows);
void growth_windows_free(growth_windows *windows);

/* Rows first..last-1 of a table, as a table of its own. */
att_observations growth_rows(const att_observations *table, size_t first, size_t last);

/* One past the last row of the series that starts at row `first`. */
size_t growth_series_end(const att_observations *table, size_t first);

/* Reads the rows of one series into `out`, which has room for them. status and use, one per row, may be
 * NULL. Returns the first bad row's status; ATT_TOO_FEW for no rows. With ATT_OVERLAP the windows stand all
 * the same, those of the marked rows among them. */
att_status growth_read(const att_observations *series, growth_windows *out, att_status *status,
                       att_row_use *use);

/* Do two series have the same years (up to a shift), kinds, scopes and looseness, row by row? */
int growth_same_pattern(const att_observations *a, const att_observations *b);

/* Has a row of the table an error? */
int growth_has_errors(const att_observations *table);

#endif
