/* A block of draws: rows of the tables, and what the bounds are given these. */
#ifndef ATTAIN_CORE_SOV_BLOCK_H
#define ATTAIN_CORE_SOV_BLOCK_H

#include "separation.h"
#include "sov_rows.h"
#include "sov_table.h"

/* One normal for each pivot, a row that those before it leave some freedom; other rows bound the last one that they load on. */
typedef struct {
    size_t variables;
    size_t first[ATT_JOINT_MOST_BOUNDS + 1]; /* places of the rows of each variable, its pivot the first */
    size_t row[ATT_JOINT_MOST_BOUNDS];       /* of each place */
    separation_kind kind[ATT_JOINT_MOST_BOUNDS];
    double shift[ATT_JOINT_MOST_BOUNDS], slope[ATT_JOINT_MOST_BOUNDS]; /* slope: 0 */
} sov_order;

typedef struct {
    const sov_rows *rows;
    const sov_table *table;       /* (parts) */
    size_t *pick;                 /* (parts, LANES), rows of the tables */
    double *mean;                 /* (rows, LANES) */
    double *covariance;           /* (rows, rows, LANES), the lower triangle */
    double *direction;            /* (terms, years, LANES) */
    double *factor;               /* (rows, variables, LANES) */
    double *load, *lower, *upper; /* as lane_rows */
    double *y;                    /* (variables, LANES) */
} sov_block;

att_status sov_block_open(const sov_rows *rows, const sov_table *table, sov_block *block);
void sov_block_free(sov_block *block);

/* The covariance of two rows, in all lanes. */
double *sov_covariance(const sov_block *block, size_t row, size_t other);

/* Draws rows of the tables from uniforms (parts, LANES); writes means and covariances, and log weights (LANES). */
void sov_block_draw(sov_block *block, const double *uniform, double *log_weight);

/* Loads of a row on the first `count` normals of these pivots, in factor[row]; writes what variance they leave (LANES). */
void sov_block_eliminate(sov_block *block, const size_t *pivot, size_t count, size_t row, double *left);

/* The load of a pivot on its own normal from what is left of its variance, in factor[row]. */
void sov_block_make_pivot(sov_block *block, size_t row, size_t variable, const double *left);

/* Adds the log weights of the bounds; points are those of the normals. */
void sov_block_weigh(sov_block *block, const sov_order *order, const separation_kernel *kernel,
                     const separation_points *points, double *log_weight);

#endif
