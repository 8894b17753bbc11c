/* Which quantiles has a series whose figures have errors? All its components are normal, so one table serves
 * them. */
#include "growth_node_quantiles.h"

#include <math.h>
#include <stdlib.h>

#include "growth_nodes.h"
#include "memory.h"

typedef struct {
    size_t components, horizon;
    double *weight, *location, *scale; /* the mixture: (K), (K, H), (K, H, H) */
    double *df, *place, *width;        /* (K) the margin of one year */
    unsigned char *table_of;           /* (K) all 0 */
    table_component *scratch;          /* (K) */
    t_table *normal;
} node_margins;

static att_status margins_init(node_margins *m, size_t components, size_t horizon)
{
    *m = (node_margins){.components = components, .horizon = horizon};
    m->weight = new_block(components, 1, 1, sizeof(double));
    m->location = new_block(components, horizon, 1, sizeof(double));
    m->scale = new_block(components, horizon, horizon, sizeof(double));
    m->df = new_block(components, 1, 1, sizeof(double));
    m->place = new_block(components, 1, 1, sizeof(double));
    m->width = new_block(components, 1, 1, sizeof(double));
    m->table_of = new_block(components, 1, 1, sizeof(unsigned char));
    m->scratch = new_block(components, 1, 1, sizeof(table_component));
    m->normal = new_block(1, 1, 1, sizeof(t_table));
    if (!m->weight || !m->location || !m->scale || !m->df || !m->place || !m->width || !m->table_of ||
        !m->scratch || !m->normal)
        return ATT_NO_MEMORY;
    for (size_t k = 0; k < components; k++) m->df[k] = INFINITY;
    return t_table_build(INFINITY, m->normal);
}

static void margins_free(node_margins *m)
{
    free(m->weight);
    free(m->location);
    free(m->scale);
    free(m->df);
    free(m->place);
    free(m->width);
    free(m->table_of);
    free(m->scratch);
    free(m->normal);
}

static att_status year_quantiles(node_margins *m, size_t h, const quantile_level *level, size_t levels,
                                 double *quantile)
{
    size_t horizon = m->horizon;
    for (size_t k = 0; k < m->components; k++) {
        m->place[k] = m->location[k * horizon + h];
        m->width[k] = sqrt(fmax(0, m->scale[(k * horizon + h) * horizon + h]));
    }
    att_margin margin = {m->components, m->weight, m->df, m->place, m->width};
    return margin_table_quantiles(&margin, m->normal, m->table_of, level, levels, m->scratch, quantile);
}

att_status growth_node_quantiles(const att_growth_prior *prior, const growth_windows *windows, size_t horizon,
                                 size_t skip, const quantile_level *level, size_t levels, double *quantile)
{
    node_margins m;
    att_status status = margins_init(&m, prior->points * ATT_SCALE_NODES, horizon);
    if (status == ATT_OK) status = growth_nodes_run(prior, windows, horizon, m.weight, m.location, m.scale);
    for (size_t h = skip; h < horizon && status == ATT_OK; h++)
        status = year_quantiles(&m, h, level, levels, quantile + (h - skip) * levels);
    margins_free(&m);
    return status;
}
