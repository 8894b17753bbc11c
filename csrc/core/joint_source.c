/* What was log M of this part at these places? */
#include "joint_source.h"

#include <stdlib.h>

#include "memory.h"

static att_status table_of(joint_source *source, source_depth depth, source_table **found)
{
    for (size_t t = 0; t < source->tables; t++) {
        *found = &source->table[t];
        source_depth own = (*found)->depth;
        if (own.line_refinement == depth.line_refinement && own.scale_refinement == depth.scale_refinement &&
            own.in_depth == depth.in_depth)
            return ATT_OK;
    }
    source_table *grown = realloc(source->table, (source->tables + 1) * sizeof *grown);
    if (!grown) return ATT_NO_MEMORY;
    source->table = grown;
    *found = &source->table[source->tables++];
    **found = (source_table){.depth = depth};
    return joint_places_open(source->part, depth.scale_refinement, &(*found)->places);
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

static void evaluate(const source_table *t, const joint_part *part, const separation_kernel *kernel,
                     long first, given_log *out)
{
    double x[LANES];
    for (int lane = 0; lane < LANES; lane++)
        x[lane] = (double)(first + lane) * (LINE_STEP / t->depth.line_refinement);
    if (!joint_places_given(&t->places, kernel, x, out) || (t->depth.in_depth && out->at_most))
        joint_given(part, kernel, t->depth.scale_refinement, x, out);
}

att_status joint_source_given(joint_source *source, const separation_kernel *kernel, source_depth depth,
                              long first, given_log *out)
{
    source_table *t;
    att_status status = table_of(source, depth, &t);
    if (status != ATT_OK) return status;
    for (size_t b = 0; b < t->blocks; b++) {
        if (t->first[b] != first) continue;
        *out = t->given[b];
        return ATT_OK;
    }
    if (!reserve(t)) return ATT_NO_MEMORY;
    evaluate(t, source->part, kernel, first, out);
    t->first[t->blocks] = first;
    t->given[t->blocks++] = *out;
    return ATT_OK;
}

void joint_source_free(joint_source *source)
{
    for (size_t t = 0; t < source->tables; t++) {
        joint_places_free(&source->table[t].places);
        free(source->table[t].first);
        free(source->table[t].given);
    }
    free(source->table);
    source->table = NULL;
    source->tables = 0;
}
