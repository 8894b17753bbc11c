/* The components of one indicator, each at nodes of its scale, as one table of normals that one uniform draws from.
 *
 * The nodes are those of the trapezoidal rule in t = log s, whose error falls exponentially with its step. They
 * reach so far that a scale which would make the farthest bound ordinary is among them. Rows are sorted by z, how many of its
 * own deviations a row lies from the most likely way to attain, and drawn from
 *
 *     q ~ w Phi(-z)^alpha,   0 <= alpha <= 1. */
#ifndef ATTAIN_CORE_SOV_TABLE_H
#define ATTAIN_CORE_SOV_TABLE_H

#include "attain/mixture.h"

typedef struct {
    size_t component;
    double scale, log_weight, log_tail; /* s; log w; log Phi(-z), at least -600 */
    double below, log_ratio;            /* P(row before this one) under q; log w - log q */
} sov_row;

typedef struct {
    size_t rows;
    sov_row *row;  /* (rows) */
    size_t *guide; /* (rows): the row that holds the probability i / rows */
} sov_table;

/* distance (components): how far the attaining place lies above a component's mean, spread (components): what s = 1
 * spreads it. alpha is 0. ATT_NO_MEMORY or ATT_OK; free in any case. */
att_status sov_table_open(const att_mixture *mixture, const double *distance, const double *spread,
                          sov_table *table);
void sov_table_free(sov_table *table);

void sov_table_tilt(sov_table *table, double alpha);

/* Tilts it so that the mean of log_tail is the one given, or as near as 0 <= alpha <= 1 comes. */
void sov_table_fit(sov_table *table, double mean);

/* The row that holds the probability u, 0 <= u <= 1. */
size_t sov_table_draw(const sov_table *table, double u);

#endif
