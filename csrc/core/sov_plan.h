/* In which order, with which normals and about which shifts are the bounds of all draws weighed? And what is the most
 * likely way to attain, after which the tables are sorted?
 *
 * Both come from the rectangle of typical moments: its order and Botev's shifts. A row that in a sample of draws is
 * always determined by others gets no normal; that of the typical moments is no guide to it, since moments of several
 * singular matrices are not singular. */
#ifndef ATTAIN_CORE_SOV_PLAN_H
#define ATTAIN_CORE_SOV_PLAN_H

#include "sov_block.h"

#define SAMPLE_BLOCKS 8

/* Means (rows) and covariances (rows, rows) of the bounded functionals. */
typedef struct {
    double *mean, *covariance;
} sov_moments;

/* Writes for each row what pushes these moments to where all bounds hold: covariance times prices is the way.
 * ATT_NO_MEMORY, ATT_NOT_COVARIANCE or ATT_OK. */
att_status sov_prices(const sov_rows *rows, const sov_moments *moments, double *price);

/* Orders rows after these moments; the sample (SAMPLE_BLOCKS), blocks of draws, tells which rows are determined. The same
 * statuses. */
att_status sov_plan(const sov_rows *rows, const sov_moments *moments, sov_block *sample, sov_order *order);

#endif
