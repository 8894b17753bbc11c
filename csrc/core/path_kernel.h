/* What is done to a block of paths, built for several instruction sets with the same bytes. */
#ifndef ATTAIN_CORE_PATH_KERNEL_H
#define ATTAIN_CORE_PATH_KERNEL_H

#include "simulation.h"

typedef struct path_kernel {
    /* Writes rows x ATT_BLOCK normals, the next of the stream. */
    void (*normals)(att_stream *stream, size_t rows, double *out);
    /* Draws the paths of a block: x, level and, with an aim, weight. From `given` (normals, ATT_BLOCK) instead of the
     * block's stream where it is not NULL; writes the normals to `used` where that is not NULL. */
    void (*draw)(const att_simulation *s, uint64_t block, const double *given, double *used, path_work *w);
    /* A quantity of drawn paths (ATT_BLOCK), in `value` or where it stands already. */
    const double *(*quantity)(const att_simulation *s, const path_quantity *q, const path_work *w);
    /* Adds drawn paths to the tally. */
    void (*tally)(const att_simulation *s, const path_work *w, int64_t *tally);
} path_kernel;

extern const path_kernel path_plain, path_avx2, path_avx512;

#endif
