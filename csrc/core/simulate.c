/* What do paths come to? Blocks one by one, into a tally or as they are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "path_kernel.h"

att_status path_work_open(const att_simulation *s, path_work *w)
{
    size_t most = 0;
    for (size_t i = 0; i < s->sources; i++) most = s->source[i].normals > most ? s->source[i].normals : most;
    size_t factors = s->factors * s->years, rows = most + factors + s->columns + s->levels + s->modes + 3;
    double *at = new_block(rows, ATT_BLOCK, 1, sizeof(double));
    *w = (path_work){.normal = at, .component = new_block(ATT_BLOCK, 1, 1, sizeof(size_t))};
    w->passed = new_block(ATT_BLOCK, 2, 1, sizeof(int64_t));
    if (!at || !w->component || !w->passed) {
        path_work_free(w);
        return ATT_NO_MEMORY;
    }
    w->factor = at + most * ATT_BLOCK;
    w->x = w->factor + factors * ATT_BLOCK;
    w->level = w->x + s->columns * ATT_BLOCK;
    w->log_odds = w->level + s->levels * ATT_BLOCK;
    w->value = w->log_odds + s->modes * ATT_BLOCK;
    w->weight = w->value + ATT_BLOCK;
    w->scale = w->weight + ATT_BLOCK;
    w->bin = w->passed + ATT_BLOCK;
    return ATT_OK;
}

void path_work_free(path_work *w)
{
    free(w->normal);
    free(w->component);
    free(w->passed);
}

att_status att_simulate_blocks(const att_simulation *s, uint64_t first, uint64_t count, int64_t *tally)
{
    path_work w;
    att_status status = path_work_open(s, &w);
    if (status != ATT_OK) return status;
    for (uint64_t block = first; block - first < count; block++) {
        s->kernel->draw(s, block, NULL, NULL, &w);
        s->kernel->tally(s, &w, tally);
    }
    path_work_free(&w);
    return ATT_OK;
}

void att_tally_merge(const att_simulation *s, int64_t *into, const int64_t *from)
{
    for (size_t i = 0; i < s->layout.size; i++) into[i] += from[i];
}

/* Rows of a block (rows, ATT_BLOCK) to paths (paths, width), from column `at` on. */
static void turn(const double *rows, size_t count, size_t paths, size_t width, size_t at, double *out)
{
    for (size_t r = 0; r < count; r++)
        for (size_t p = 0; p < paths; p++) out[p * width + at + r] = rows[r * ATT_BLOCK + p];
}

static void write_paths(const att_simulation *s, const path_work *w, double *out)
{
    size_t width = s->sources * s->years;
    for (size_t i = 0; i < width * ATT_BLOCK; i++) out[i] = NAN;
    for (size_t i = 0; i < s->sources; i++)
        for (size_t j = 0; j < s->source[i].coordinates; j++)
            turn(w->x + (s->source[i].column + j) * ATT_BLOCK, 1, ATT_BLOCK, width,
                 i * s->years + s->source[i].year[j], out);
}

static void write_quantities(const att_simulation *s, const path_work *w, size_t paths, double *out)
{
    for (size_t i = 0; i < s->quantities; i++)
        turn(s->kernel->quantity(s, &s->quantity[i], w), 1, paths, s->quantities, i, out);
}

att_status att_simulate_paths(const att_simulation *s, uint64_t first, uint64_t count, const att_paths *out)
{
    path_work w;
    double *used = out->normal ? new_block(s->normals, ATT_BLOCK, 1, sizeof(double)) : NULL;
    att_status status = path_work_open(s, &w);
    if (status != ATT_OK || (out->normal && !used)) {
        if (status == ATT_OK) path_work_free(&w);
        free(used);
        return ATT_NO_MEMORY;
    }
    for (uint64_t b = 0; b < count; b++) {
        size_t at = (size_t)b * ATT_BLOCK;
        s->kernel->draw(s, first + b, NULL, used, &w);
        if (used) turn(used, s->normals, ATT_BLOCK, s->normals, 0, out->normal + at * s->normals);
        if (out->path) write_paths(s, &w, out->path + at * s->sources * s->years);
        if (out->quantity) write_quantities(s, &w, ATT_BLOCK, out->quantity + at * s->quantities);
        if (out->weight) memcpy(out->weight + at, w.weight, ATT_BLOCK * sizeof(double));
    }
    path_work_free(&w);
    free(used);
    return ATT_OK;
}

att_status att_simulate_at(const att_simulation *s, size_t count, const double *normal, double *quantity)
{
    path_work w;
    double *given = new_block(s->normals, ATT_BLOCK, 1, sizeof(double));
    att_status status = path_work_open(s, &w);
    for (size_t at = 0; status == ATT_OK && given && at < count; at += ATT_BLOCK) {
        size_t paths = count - at < ATT_BLOCK ? count - at : ATT_BLOCK;
        for (size_t p = 0; p < paths; p++)
            for (size_t r = 0; r < s->normals; r++)
                given[r * ATT_BLOCK + p] = normal[(at + p) * s->normals + r];
        s->kernel->draw(s, 0, given, NULL, &w);
        write_quantities(s, &w, paths, quantity + at * s->quantities);
    }
    if (status == ATT_OK) path_work_free(&w);
    free(given);
    return given ? status : ATT_NO_MEMORY;
}
