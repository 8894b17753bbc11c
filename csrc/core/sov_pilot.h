/* Everything that is settled before the lattice runs: tables, their tilt, order and shifts. */
#ifndef ATTAIN_CORE_SOV_PILOT_H
#define ATTAIN_CORE_SOV_PILOT_H

#include "sov_plan.h"

#define PILOTS 3

typedef struct {
    sov_rows rows;
    size_t tables;
    sov_table *table; /* (parts) */
    sov_block block, sample[SAMPLE_BLOCKS];
    sov_moments moments;
    sov_order order;
    const separation_kernel *kernel;
    size_t coordinates;               /* of the lattice: one a table, then one a normal */
    double *vector, *shift, *uniform; /* (coordinates), (SHIFTS + PILOTS, coordinates), (parts, LANES) */
    double *mean_tail;                /* (parts), of attaining draws */
} sov_work;

/* Opens tables and plan after typical moments. Rows must have been read, and there must be some; free in any case. */
att_status sov_work_open(sov_work *work, uint64_t seed);
void sov_work_free(sov_work *work);

/* Improves tilt, order and shifts by pilot draws. */
att_status sov_pilot(sov_work *work);

/* Draws and weighs the block of points that starts at `point`, under random shift number `shift`; log weights (LANES). */
void sov_weigh(sov_work *work, size_t point, size_t shift, double *log_weight);

#endif
