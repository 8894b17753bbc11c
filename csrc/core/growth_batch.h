/* One walk through a table of many series, for whatever is asked of each: quantiles, scores. */
#ifndef ATTAIN_CORE_GROWTH_BATCH_H
#define ATTAIN_CORE_GROWTH_BATCH_H

#include "attain/mixture.h"
#include "growth_posterior.h"
#include "random_walk.h"
#include "t_table.h"

enum { GROWTH_BATCH_TABLES = 255 };

typedef struct {
    const att_growth_prior *prior; /* NULL: the random walk */
    size_t capacity;               /* components at most: more than points where figures have errors */
    size_t components;             /* of the series at hand */
    growth_windows windows;        /* of the series at hand, which the caller reads with growth_read */
    att_observations pattern;      /* rows of the series that was factorised; none when nothing stands */
    growth_factors factors;
    random_walk walk;
    double *location;                   /* (K, H) of the pattern's horizon */
    double *node_location, *node_scale; /* (K, H), (K, H, H) of a series with errors, else NULL */
    size_t node_horizon;
    double *weight, *df, *ratio, *place, *scale; /* (capacity) */
    unsigned char *table_of;                     /* (capacity) the t table of each component */
    t_table *table;                              /* (GROWTH_BATCH_TABLES) */
    size_t tables;                               /* 0: some component has none */
} growth_batch;

/* Room for the series of a table; free whatever the status. */
att_status growth_batch_init(growth_batch *batch, const att_growth_prior *prior,
                             const att_observations *table);
void growth_batch_free(growth_batch *batch);

/* Weights and locations of the series that stands in batch->windows, over `horizon` years; factorises its
 * pattern where it is not that of the series before. A series with errors shares nothing with others but the
 * table of the normal. Statuses of the models. */
att_status growth_batch_run(growth_batch *batch, const att_observations *series, size_t horizon);

/* The margin of year h (0: the first after the origin); it stands until the next call. */
att_margin growth_batch_margin(growth_batch *batch, size_t h);

/* Do series ascend? */
int growth_is_sorted(const att_observations *table);

/* Sets `count` cells to a value. */
void growth_fill(double *cell, size_t count, double value);

#endif
