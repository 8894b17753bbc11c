/* Quantiles of one series whose figures have errors, for the batch. */
#ifndef ATTAIN_CORE_GROWTH_NODE_QUANTILES_H
#define ATTAIN_CORE_GROWTH_NODE_QUANTILES_H

#include "growth_windows.h"
#include "margin_table.h"

/* Writes quantile (horizon - skip, levels) of the years ahead but the first `skip`. Statuses of
 * growth_nodes_run and of margin_table_quantiles. */
att_status growth_node_quantiles(const att_growth_prior *prior, const growth_windows *windows, size_t horizon,
                                 size_t skip, const quantile_level *level, size_t levels, double *quantile);

#endif
