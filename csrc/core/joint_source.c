/* What was log M of this part at these places? */
#include "joint_source.h"

#include <stdlib.h>

#include "memory.h"

static att_status table_of(joint_source *source, int line_refinement, int scale_refinement,
                           source_table **found)
{
    for (size_t t = 0; t < source->tables; t++) {
        *found = &source->table[t];
        if ((*found)->line_refinement == line_refinement && (*found)->scale_refinement == scale_refinement)
            return ATT_OK;
    }
    if (source->tables == MOST_TABLES) return ATT_BAD_ARGUMENT;
    *found = &source->table[source->tables++];
    **found = (source_table){.line_refinement = line_refinement, .scale_refinement = scale_refinement};
    return joint_bins_open(source->part, scale_refinement, &(*found)->bins);
}

static int reserve(source_table *t)
{
    if (t->blocks < t->room) return 1;
    size_t room = 2 * t->room + 8;
    long *first = realloc(t->first, room * sizeof *first);
    if (first) t->first = first;
    given_log *given = realloc(t->given, room * sizeof *given);
    if (given) t->given = given;
    if (!first || !given) return 0;
    t->room = room;
    return 1;
}

att_status joint_source_given(joint_source *source, const separation_kernel *kernel, int line_refinement,
                              int scale_refinement, long first, given_log *out)
{
    source_table *t;
    double x[LANES];
    att_status status = table_of(source, line_refinement, scale_refinement, &t);
    if (status != ATT_OK) return status;
    for (size_t b = 0; b < t->blocks; b++) {
        if (t->first[b] != first) continue;
        *out = t->given[b];
        return ATT_OK;
    }
    if (!reserve(t)) return ATT_NO_MEMORY;
    for (int lane = 0; lane < LANES; lane++) x[lane] = (double)(first + lane) * (LINE_STEP / line_refinement);
    joint_bins_given(&t->bins, source->part, kernel, scale_refinement, x, out);
    t->first[t->blocks] = first;
    t->given[t->blocks++] = *out;
    return ATT_OK;
}

void joint_source_free(joint_source *source)
{
    for (size_t t = 0; t < source->tables; t++) {
        joint_bins_free(&source->table[t].bins);
        free(source->table[t].first);
        free(source->table[t].given);
    }
    source->tables = 0;
}
