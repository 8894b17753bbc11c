/* What does a job come to, before the first path is drawn? Checks, factors, tables, and the layout of the tally. */
#include "simulation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "memory.h"
#include "reverse_time.h"
#include "scale_table.h"

#define MOST_COEFFICIENT 1e40
#define ROUNDING 1e-9

/* --- an indicator --- */

static size_t triangle(size_t n)
{
    return n * (n + 1) / 2;
}

/* Writes the places of the job's years that the horizon covers, and those in the horizon; returns how many. */
static size_t years_of(const att_simulation_job *job, const att_path_indicator *in, size_t *year,
                       size_t *place)
{
    size_t count = 0;
    for (size_t j = 0; j < job->years; j++) {
        int64_t at = (int64_t)job->year[j] - in->first_year;
        if (at < 0 || at >= (int64_t)in->mixture.horizon) continue;
        year[count] = j;
        place[count++] = (size_t)at;
    }
    return count;
}

/* What the mixture must be for att_mixture_margin, in every year that is drawn. */
static att_status check_mixture(const att_mixture *mixture, const size_t *place, size_t n)
{
    double *row = new_block(mixture->horizon, 1, 1, sizeof(double));
    double *margin = new_block(mixture->components, 2, 1, sizeof(double));
    att_status status = row && margin ? ATT_OK : ATT_NO_MEMORY;
    for (size_t j = 0; status == ATT_OK && j < n; j++) {
        row[place[j]] = 1;
        status = att_mixture_margin(mixture, row, margin, margin + mixture->components);
        row[place[j]] = 0;
    }
    free(row);
    free(margin);
    return status;
}

/* Components by their scale in the first coordinate. */
static void sort_components(const att_mixture *mixture, size_t place, size_t *order)
{
    size_t diagonal = place * (mixture->horizon + 1), size = mixture->horizon * mixture->horizon;
    for (size_t k = 0; k < mixture->components; k++) {
        size_t at = k;
        double own = mixture->scale[k * size + diagonal];
        for (; at > 0 && mixture->scale[order[at - 1] * size + diagonal] > own; at--)
            order[at] = order[at - 1];
        order[at] = k;
    }
}

/* Normal scores between components, from the nearer end, so that light ones keep their digits. */
static void write_thresholds(const double *weight, const size_t *order, size_t components, size_t steps,
                             double *threshold)
{
    double total = 0, below = 0;
    for (size_t k = 0; k < components; k++) total += weight[k];
    for (size_t k = 0; k < steps; k++) threshold[k] = INFINITY;
    for (size_t k = 0; k + 1 < components; k++) {
        double above = 0;
        below += weight[order[k]];
        for (size_t l = components - 1; l > k; l--) above += weight[order[l]];
        if (below <= above)
            threshold[k] = below > 0 ? att_quantile(log(below / total), INFINITY, ATT_LOWER) : -INFINITY;
        else
            threshold[k] = above > 0 ? att_quantile(log(above / total), INFINITY, ATT_UPPER) : INFINITY;
    }
}

/* Location and L of a component, row by row. */
static att_status write_parameters(const att_mixture *mixture, size_t k, const size_t *place, size_t n,
                                   double *factor, double *parameter)
{
    att_status status = reverse_factor(mixture, k, n, place, factor);
    for (size_t j = 0; status == ATT_OK && j < n; j++) {
        *parameter++ = mixture->location[k * mixture->horizon + place[j]];
    }
    for (size_t j = 0; status == ATT_OK && j < n; j++) {
        memcpy(parameter, factor + j * n, (j + 1) * sizeof *parameter);
        parameter += j + 1;
    }
    return status;
}

/* Which of the tables so far is that of a df; a new one where there is none. */
static size_t table_of(const double *df, const size_t *order, size_t k, const size_t *table, size_t *tables)
{
    for (size_t l = 0; l < k; l++)
        if (df[order[l]] == df[order[k]]) return table[l];
    return (*tables)++;
}

static att_status write_tables(path_source *out, const att_mixture *mixture, const size_t *order,
                               size_t *table)
{
    size_t tables = 0;
    for (size_t k = 0; k < out->components; k++) {
        table[k] = table_of(mixture->df, order, k, table, &tables);
        out->has_scale |= isfinite(mixture->df[order[k]]);
    }
    out->scale_table = out->tables = new_block(tables, SCALE_TABLE, 1, sizeof(double));
    att_status status = out->tables ? ATT_OK : ATT_NO_MEMORY;
    for (size_t k = 0, done = 0; status == ATT_OK && k < out->components; k++)
        if (table[k] == done)
            status = scale_table_fill(mixture->df[order[k]], out->tables + SCALE_TABLE * done++);
    return status;
}

/* What an indicator keeps for itself, NaN when its loadings leave less than nothing. */
static double own_part(const double *loading, size_t factors)
{
    double common = 0;
    for (size_t p = 0; p < factors; p++) common += loading[p] * loading[p];
    return common <= 1 + ROUNDING ? sqrt(fmax(1 - common, 0)) : NAN;
}

/* Fills the arrays whose sizes open_source found. */
static att_status fill_source(path_source *out, const att_path_indicator *in, size_t factors,
                              const size_t *place)
{
    const att_mixture *mixture = &in->mixture;
    size_t n = out->coordinates, components = out->components, *order = out->place + n,
           *table = order + components;
    double *loading = out->number, *threshold = loading + factors, *parameter = threshold + out->steps;
    double *factor = parameter + components * out->stride;
    att_status status = ATT_OK;
    sort_components(mixture, place[0], order);
    write_thresholds(mixture->weight, order, components, out->steps, threshold);
    if (factors > 0) memcpy(loading, in->loading, factors * sizeof *loading);
    for (size_t k = 0; status == ATT_OK && k < components; k++)
        status = write_parameters(mixture, order[k], place, n, factor, parameter + k * out->stride);
    if (status == ATT_OK) status = write_tables(out, mixture, order, table);
    out->year = out->place;
    out->loading = loading;
    out->threshold = threshold;
    out->parameter = parameter;
    out->table = table;
    out->normals = (components > 1) + (size_t)out->has_scale + n;
    return status;
}

static att_status open_source(const att_simulation_job *job, const att_path_indicator *in, path_source *out)
{
    const att_mixture *mixture = &in->mixture;
    size_t *place = new_block(job->years, 1, 1, sizeof(size_t));
    out->place = new_block(job->years + 2 * mixture->components, 1, 1, sizeof(size_t));
    if (!place || !out->place) {
        free(place);
        return ATT_NO_MEMORY;
    }
    size_t n = out->coordinates = years_of(job, in, out->place, place);
    att_status status = n > 0 ? check_mixture(mixture, place, n) : ATT_BAD_ARGUMENT;
    if (job->factors > 0 && !in->loading) status = ATT_BAD_ARGUMENT;
    if (status == ATT_OK) {
        out->own = own_part(in->loading, job->factors);
        out->components = mixture->components;
        for (out->steps = 1; out->steps < mixture->components;) out->steps *= 2;
        out->stride = n + triangle(n);
        size_t numbers = job->factors + out->steps + n * n;
        out->number = new_block(numbers + mixture->components * out->stride, 1, 1, sizeof(double));
        status = !out->number      ? ATT_NO_MEMORY
                 : isnan(out->own) ? ATT_BAD_ARGUMENT
                                   : fill_source(out, in, job->factors, place);
    }
    free(place);
    return status;
}

/* --- quantities --- */

/* The column of an indicator and year; what no path has: the number of columns. */
static size_t column_of(const att_simulation *s, const att_simulation_job *job, const att_term *term)
{
    if (term->indicator >= s->sources) return s->columns;
    const path_source *in = &s->source[term->indicator];
    for (size_t j = 0; j < in->coordinates; j++)
        if (job->year[in->year[j]] == term->year) return in->column + j;
    return s->columns;
}

/* Where the levels of a column stand; a new row where there is none yet. */
static size_t level_of(att_simulation *s, size_t column)
{
    for (size_t l = 0; l < s->levels; l++)
        if (s->level[l] == column) return l;
    s->level[s->levels] = column;
    return s->levels++;
}

static att_status read_terms(att_simulation *s, const att_simulation_job *job, const att_quantity *in,
                             path_term *out)
{
    if (in->terms > 0 && !in->term) return ATT_BAD_ARGUMENT;
    for (size_t i = 0; i < in->terms; i++) {
        size_t column = column_of(s, job, &in->term[i]);
        if (column == s->columns || !(fabs(in->term[i].coefficient) <= MOST_COEFFICIENT))
            return ATT_BAD_ARGUMENT;
        out[i].column = in->rule == ATT_LEVELS ? level_of(s, column) : column;
        out[i].coefficient = in->term[i].coefficient;
    }
    return ATT_OK;
}

static att_status read_quantity(att_simulation *s, const att_simulation_job *job, size_t i, size_t *terms)
{
    const att_quantity *in = &job->quantity[i];
    path_quantity *out = &s->quantity[i];
    int ranged = in->high > in->low;
    if (in->rule > ATT_MEMBERS || isnan(in->lower) || isnan(in->upper) || !(in->high >= in->low) ||
        !isfinite(in->high) || !isfinite(in->low) ||
        (in->target != ATT_NO_TARGET && in->target >= job->targets))
        return ATT_BAD_ARGUMENT;
    *out = (path_quantity){in->rule,   *terms,    in->terms,
                           in->target, in->lower, in->upper,
                           ranged,     in->low,   ranged ? ATT_HISTOGRAM_BINS / (in->high - in->low) : 0,
                           0,          0};
    att_status status = read_terms(s, job, in, s->term + *terms);
    *terms += in->terms;
    return status;
}

/* Every target has a quantity. */
static int all_bounded(const att_simulation_job *job)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < job->quantities; i++)
        if (job->quantity[i].target != ATT_NO_TARGET) seen |= (uint64_t)1 << job->quantity[i].target;
    return job->targets == 0 || seen == UINT64_MAX >> (64 - job->targets);
}

static att_status read_quantities(att_simulation *s, const att_simulation_job *job)
{
    size_t terms = 0, read = 0;
    if (job->quantities > 0 && !job->quantity) return ATT_BAD_ARGUMENT;
    for (size_t i = 0; i < job->quantities; i++) terms += job->quantity[i].terms;
    s->quantities = job->quantities;
    s->targets = job->targets;
    s->quantity = new_block(job->quantities, 1, 1, sizeof(path_quantity));
    s->term = new_block(terms, 1, 1, sizeof(path_term));
    s->level = new_block(s->columns, 1, 1, sizeof(size_t));
    att_status status = s->quantity && s->term && s->level ? ATT_OK : ATT_NO_MEMORY;
    for (size_t i = 0; status == ATT_OK && i < job->quantities; i++) status = read_quantity(s, job, i, &read);
    return status == ATT_OK && !all_bounded(job) ? ATT_BAD_ARGUMENT : status;
}

/* --- the whole --- */

static size_t laid(size_t *end, size_t size)
{
    size_t at = *end;
    *end += size;
    return at;
}

static void lay_out(att_simulation *s)
{
    size_t end = 0, t = s->targets, kept = 0;
    att_tally_layout *at = &s->layout;
    *at = (att_tally_layout){.patterns = t <= ATT_SIMULATION_MOST_PATTERNS ? (size_t)1 << t : 0,
                             .weighted = s->modes > 0 ? 2 + t : 0};
    at->paths = laid(&end, 1);
    at->all = laid(&end, 1);
    at->each = laid(&end, t);
    at->but = laid(&end, t);
    at->number = laid(&end, t + 1);
    at->pattern = laid(&end, at->patterns);
    for (size_t i = 0; i < s->quantities; i++) kept += (size_t)s->quantity[i].kept;
    at->kept = kept;
    at->histogram = laid(&end, kept * (ATT_HISTOGRAM_BINS + 2));
    at->moments = laid(&end, kept * 2 * ATT_SUM_LIMBS);
    at->weights = laid(&end, at->weighted * 2 * ATT_SUM_LIMBS);
    at->size = end;
    for (size_t i = 0, k = 0; i < s->quantities; i++) {
        s->quantity[i].histogram = at->histogram + k * (ATT_HISTOGRAM_BINS + 2);
        s->quantity[i].moments = at->moments + k * 2 * ATT_SUM_LIMBS;
        k += (size_t)s->quantity[i].kept;
    }
}

static att_status check_job(const att_simulation_job *job)
{
    if (!job || job->indicators == 0 || job->years == 0 || !job->indicator || !job->year)
        return ATT_BAD_ARGUMENT;
    if (job->targets > ATT_SIMULATION_MOST_TARGETS) return ATT_TOO_MANY;
    for (size_t j = 1; j < job->years; j++)
        if (job->year[j] >= job->year[j - 1]) return ATT_BAD_ARGUMENT;
    return path_choose(job->instructions) ? ATT_OK : ATT_BAD_ARGUMENT;
}

static att_status read_job(att_simulation *s, const att_simulation_job *job)
{
    s->kernel = path_choose(job->instructions);
    s->seed = job->seed;
    s->scenario = job->scenario;
    s->factors = job->factors;
    s->years = job->years;
    s->source = new_block(job->indicators, 1, 1, sizeof(path_source));
    s->density = new_block(1, 1, 1, sizeof(double));
    att_status status = s->source && s->density ? ATT_OK : ATT_NO_MEMORY;
    s->normals = job->factors * job->years;
    for (size_t i = 0; status == ATT_OK && i < job->indicators; i++) {
        path_source *source = &s->source[s->sources++];
        status = open_source(job, &job->indicator[i], source);
        source->column = s->columns;
        s->columns += source->coordinates;
        s->normals += source->normals;
    }
    if (status == ATT_OK) status = read_quantities(s, job);
    if (status != ATT_OK) return status;
    s->density[0] = 1;
    lay_out(s);
    return ATT_OK;
}

att_status att_simulation_open(const att_simulation_job *job, att_simulation **simulation)
{
    if (!simulation) return ATT_BAD_ARGUMENT;
    *simulation = NULL;
    att_status status = check_job(job);
    if (status != ATT_OK) return status;
    att_simulation *s = new_block(1, 1, 1, sizeof *s);
    if (!s) return ATT_NO_MEMORY;
    status = read_job(s, job);
    if (status == ATT_OK)
        *simulation = s;
    else
        att_simulation_close(s);
    return status;
}

void att_simulation_close(att_simulation *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->sources; i++) {
        free(s->source[i].number);
        free(s->source[i].tables);
        free(s->source[i].place);
    }
    free(s->source);
    free(s->quantity);
    free(s->term);
    free(s->level);
    free(s->shift);
    free(s->density);
    free(s->mode);
    free(s);
}

att_simulation_size att_simulation_size_of(const att_simulation *s)
{
    return (att_simulation_size){s->normals, s->sources, s->years, s->quantities};
}

att_tally_layout att_simulation_layout(const att_simulation *simulation)
{
    return simulation->layout;
}

/* Which paths of a block each mode draws, and how far its normals are from 0. */
static void spread_modes(att_simulation *s, size_t modes, const uint32_t *path)
{
    size_t at = 0;
    for (size_t m = 0; m < modes; m++) {
        s->half_square[m] = 0;
        for (size_t r = 0; r < s->normals; r++)
            s->half_square[m] += 0.5 * s->shift[m * s->normals + r] * s->shift[m * s->normals + r];
        s->density[m] = path[m] / (double)ATT_BLOCK;
        for (uint32_t p = 0; p < path[m]; p++) s->mode[at++] = (uint32_t)m;
    }
    s->density[modes] = (double)(ATT_BLOCK - at) / ATT_BLOCK;
    for (; at < ATT_BLOCK; at++) s->mode[at] = (uint32_t)modes;
}

att_status att_simulation_aim(att_simulation *s, size_t modes, const double *shift, const uint32_t *path)
{
    uint64_t paths = 0;
    for (size_t m = 0; m < modes; m++) paths += path[m];
    if (modes == 0 || paths >= ATT_BLOCK) return ATT_BAD_ARGUMENT;
    for (size_t i = 0; i < modes * s->normals; i++)
        if (!isfinite(shift[i])) return ATT_NOT_FINITE;
    double *numbers = new_block(modes, s->normals, 1, sizeof(double)),
           *density = new_block(modes, 2, 1, 2 * sizeof(double));
    uint32_t *mode = new_block(ATT_BLOCK, 1, 1, sizeof(uint32_t));
    if (!numbers || !density || !mode) {
        free(numbers);
        free(density);
        free(mode);
        return ATT_NO_MEMORY;
    }
    free(s->shift);
    free(s->density);
    free(s->mode);
    s->shift = memcpy(numbers, shift, modes * s->normals * sizeof *shift);
    s->density = density;
    s->half_square = density + modes + 1;
    s->mode = mode;
    s->modes = modes;
    spread_modes(s, modes, path);
    lay_out(s);
    return ATT_OK;
}
