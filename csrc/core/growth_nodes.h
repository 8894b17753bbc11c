/* The posterior of the growth model where figures have errors that are known beforehand: normal components. */
#ifndef ATTAIN_CORE_GROWTH_NODES_H
#define ATTAIN_CORE_GROWTH_NODES_H

#include "growth_windows.h"

/* Writes weight (K), location (K, H) and scale (K, H, H), K = points x ATT_SCALE_NODES, node by node within
 * each point, all of infinite df. ATT_NO_PRECISION when a covariance is singular to working precision, or
 * something is not finite; ATT_NO_MEMORY. */
att_status growth_nodes_run(const att_growth_prior *prior, const growth_windows *windows, size_t horizon,
                            double *weight, double *location, double *scale);

#endif
