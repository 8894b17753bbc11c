/* The standard t (or normal) tail and density in a few nanoseconds: one table per df, for hot loops.
 *
 * The half line x >= 0 is folded into u = x / (x + FOLD), 0 <= u < 1, cut into equal cells. On each cell the
 * upper tail Q is the quintic that has Q, Q' and Q'' right at both ends; the density is its slope. Negative x
 * by symmetry, so the smaller tail is always the one that is read. Beyond |x| = FARTHEST, where the fold of a
 * fractional power is no longer smooth, three terms of the asymptotic series suffice.
 */
#ifndef ATTAIN_CORE_T_TABLE_H
#define ATTAIN_CORE_T_TABLE_H

#include <math.h>

#include "attain/status.h"

#define T_TABLE_CELLS 512
#define T_TABLE_FOLD 4.0
#define T_TABLE_FARTHEST 128.0

typedef struct {
    double df, inverse_df;
    double peak; /* the density at 0 */
    /* Q in the place within the cell, 0 to 1: coefficients from the constant up */
    double cell[T_TABLE_CELLS][6];
} t_table;

/* Fills a table owned by the caller (24 kB), df >= 1 or INFINITY, else ATT_BAD_ARGUMENT. About 0.1 ms. */
att_status t_table_build(double df, t_table *table);

/* The same for |x| beyond the table. */
void t_table_beyond(const t_table *table, double x, double *far_tail, double *density);

/* P(X >= |x|), within 2e-13, and the density at x, within 1e-12; any x; for NaN the
 * results mean nothing, but nothing outside the table is read. */
static inline void t_table_at(const t_table *table, double x, double *far_tail, double *density)
{
    double distance = fabs(x);
    if (!(distance <= T_TABLE_FARTHEST)) {
        t_table_beyond(table, x, far_tail, density);
        return;
    }
    double fold = 1 / (distance + T_TABLE_FOLD), place = T_TABLE_CELLS * distance * fold;
    int index = (int)place;
    const double *c = table->cell[index];
    double s = place - index, s2 = s * s;
    *far_tail = (c[0] + s * c[1]) + s2 * ((c[2] + s * c[3]) + s2 * (c[4] + s * c[5]));
    double slope = (c[1] + s * (2 * c[2])) + s2 * ((3 * c[3] + s * (4 * c[4])) + s2 * (5 * c[5]));
    *density = -slope * (T_TABLE_CELLS * T_TABLE_FOLD) * fold * fold;
}

#endif
