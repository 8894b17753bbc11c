/* What bounds ask of every component: bounds on one functional merged, what never binds dropped, and each functional, an
 * indicator at a time, as mean and direction over the normals of the years. */
#ifndef ATTAIN_CORE_SOV_ROWS_H
#define ATTAIN_CORE_SOV_ROWS_H

#include "attain/sov.h"

/* What one functional takes from one indicator: mean_k + s direction_k' z. */
typedef struct {
    size_t row, part;
    const double *own; /* (horizon) of the functional */
    double *mean;      /* (components) */
    double *direction; /* (components, years), in reverse time */
} sov_term;

typedef struct {
    size_t rows, parts, years, terms;
    int impossible;                                                    /* for certain */
    double lower[ATT_JOINT_MOST_BOUNDS], upper[ATT_JOINT_MOST_BOUNDS]; /* never an upper one alone */
    size_t indicator[ATT_SOV_MOST_INDICATORS];                         /* of each part */
    const att_mixture *mixture[ATT_SOV_MOST_INDICATORS];               /* of each part */
    double *correlation; /* (parts, parts), positive semidefinite */
    sov_term *term;      /* (terms) */
    double *numbers;     /* what the terms point into */
} sov_rows;

/* Reads checked bounds; free in any case. */
att_status sov_rows_open(const att_sov *sov, sov_rows *rows);
void sov_rows_free(sov_rows *rows);

#endif
