/* How well did a margin foretell what came? */
#ifndef ATTAIN_CORE_MARGIN_SCORE_H
#define ATTAIN_CORE_MARGIN_SCORE_H

#include <stddef.h>

#include "attain/mixture.h"
#include "t_table.h"

typedef struct {
    const t_table *table; /* NULL: none of that df, the exact functions serve */
    double df, weight, location;
    double rate; /* 1 / scale; INFINITY: the value is known */
} score_component;

typedef struct {
    size_t components;
    const score_component *component;
} score_margin;

/* Packs a margin into scratch (margin->components items); components lighter than 1e-14 are left out, and
 * a scale below 1e-14 of the location, or of 1, makes a known value. tables NULL: there are none, else component k has the df of tables[table_of[k]]. ATT_NOT_FINITE for a location or
 * scale that is not, ATT_BAD_ARGUMENT when nothing has weight. Not checked: the rest of the margin. */
att_status score_margin_pack(const att_margin *margin, const t_table *tables, const unsigned char *table_of,
                             score_component *scratch, score_margin *packed);

/* P(X <= x) for ATT_LOWER, P(X >= x) for ATT_UPPER, within 1e-12; x may be infinite. */
double score_tail(const score_margin *margin, double x, att_side side);

/* log of the density at a finite x, right to 1e-12 of its size; INFINITY on a known value. */
double score_log_density(const score_margin *margin, double x);

/* The continuous ranked probability score at a finite y,
 *
 *     integral of P(X <= x)^2 over x < y + integral of P(X >= x)^2 over x > y
 *
 * (Gneiting & Raftery 2007, equation 20), right to 1e-8 of its size. INFINITY where a df is 1/2 or less.
 * ATT_NO_CONVERGENCE for df between 0.5 and 0.55, for a weighty component that seen from y is narrower than about
 * 1e-5 of its distance, and for known values beside others. */
att_status score_crps(const score_margin *margin, double y, double *crps);

#endif
