/* What is known by now of log M of one part, on the line of the one variable: blocks of places that were evaluated are
 * kept, so that other integrals in which the part occurs have them for nothing. */
#ifndef ATTAIN_CORE_JOINT_SOURCE_H
#define ATTAIN_CORE_JOINT_SOURCE_H

#include "joint_places.h"

#define LINE_STEP 0.25 /* of the line, before refinement */
#define MOST_REFINEMENT 32

/* How closely log M is looked at. */
typedef struct {
    int line_refinement, scale_refinement;
    int in_depth; /* also where it is so small that it may not matter */
} source_depth;

typedef struct {
    int scale_refinement;
    joint_places places;
} source_places;

typedef struct {
    source_depth depth;
    size_t blocks, room;
    long *first; /* (blocks), number of the first place */
    given_log *given;
} source_table;

typedef struct {
    const joint_part *part;
    size_t tables, lists;
    source_table *table; /* (tables) */
    source_places *list; /* (lists), which tables of one refinement of scales share */
} joint_source;

/* log M at LANES places from number `first` on. ATT_NO_MEMORY, ATT_NO_CONVERGENCE or ATT_OK. */
att_status joint_source_given(joint_source *source, const separation_kernel *kernel, source_depth depth,
                              long first, given_log *out);
void joint_source_free(joint_source *source);

#endif
