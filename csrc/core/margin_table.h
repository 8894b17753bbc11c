/* Several quantiles of very many margins: the batch path. A handful of tables serve all components, as those
 * of one model share a few df.
 */
#ifndef ATTAIN_CORE_MARGIN_TABLE_H
#define ATTAIN_CORE_MARGIN_TABLE_H

#include <stddef.h>

#include "attain/mixture.h"
#include "t_table.h"

/* Components lighter than this are left out of batches: they cannot be seen. */
#define LEAST_WEIGHT 1e-14

/* A probability, and what is the same for every margin. */
typedef struct {
    double p, log_p; /* log_p: of the smaller tail, */
    att_side side;   /* which is on this side */
    double score;    /* the normal's quantile, and its density there */
    double height;
} quantile_level;

/* Scratch of the caller: one component as the loop wants it. */
typedef struct {
    const t_table *table;
    double weight, location;
    double rate, rate_cubed; /* 1 / scale, and its third power */
} table_component;

/* Prepares `count` levels from ascending probabilities inside (0, 1); anything else is ATT_BAD_ARGUMENT. */
att_status quantile_levels_prepare(const double *p, size_t count, quantile_level *levels);

/* Writes the quantiles x (count) of a margin whose component k has the df of tables[table_of[k]]. scratch
 * holds margin->components items. Right to 1e-11 in probability. Levels outside [1e-6, 1 - 1e-6] and
 * margins with known values go to att_margin_quantile. ATT_NOT_FINITE for a location or scale that is not.
 * Not checked: weights, table_of, that margin->df agrees with the tables. */
att_status margin_table_quantiles(const att_margin *margin, const t_table *tables,
                                  const unsigned char *table_of, const quantile_level *levels, size_t count,
                                  table_component *scratch, double *x);

#endif
