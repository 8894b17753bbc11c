/* What was log M of this part at these places? */
#include "joint_source.h"

#include <stdlib.h>

#include "memory.h"

/* A list that is not finished is none. */
static att_status places_of(joint_source *source, int scale_refinement, const joint_places **found)
{
    for (size_t l = 0; l < source->lists; l++) {
        *found = &source->list[l].places;
        if (source->list[l].scale_refinement == scale_refinement) return ATT_OK;
    }
    source_places *grown = realloc(source->list, (source->lists + 1) * sizeof *grown);
    if (!grown) return ATT_NO_MEMORY;
    source->list = grown;
    source_places *next = &source->list[source->lists];
    next->scale_refinement = scale_refinement;
    *found = &next->places;
    att_status status = joint_places_open(source->part, scale_refinement, &next->places);
    if (status == ATT_OK)
        source->lists++;
    else
        joint_places_free(&next->places);
    return status;
}

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
    return ATT_OK;
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

static void evaluate(const joint_part *part, const joint_places *places, const separation_kernel *kernel,
                     source_depth depth, long first, given_log *out)
{
    double x[LANES];
    for (int lane = 0; lane < LANES; lane++)
        x[lane] = (double)(first + lane) * (LINE_STEP / depth.line_refinement);
    if (!joint_places_given(places, kernel, x, out) || (depth.in_depth && out->at_most))
        joint_given(part, kernel, depth.scale_refinement, x, out);
}

att_status joint_source_given(joint_source *source, const separation_kernel *kernel, source_depth depth,
                              long first, given_log *out)
{
    source_table *t;
    const joint_places *places;
    att_status status = places_of(source, depth.scale_refinement, &places);
    if (status == ATT_OK) status = table_of(source, depth, &t);
    if (status != ATT_OK) return status;
    for (size_t b = 0; b < t->blocks; b++) {
        if (t->first[b] != first) continue;
        *out = t->given[b];
        return ATT_OK;
    }
    if (!reserve(t)) return ATT_NO_MEMORY;
    evaluate(source->part, places, kernel, depth, first, out);
    t->first[t->blocks] = first;
    t->given[t->blocks++] = *out;
    return ATT_OK;
}

void joint_source_free(joint_source *source)
{
    for (size_t t = 0; t < source->tables; t++) {
        free(source->table[t].first);
        free(source->table[t].given);
    }
    for (size_t l = 0; l < source->lists; l++) joint_places_free(&source->list[l].places);
    free(source->table);
    free(source->list);
    source->table = NULL;
    source->list = NULL;
    source->tables = source->lists = 0;
}
