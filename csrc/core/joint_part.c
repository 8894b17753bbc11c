/* What does each component of an indicator ask, given the variables of the integral? */
#include "joint_part.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "reverse_time.h"

#define LEAST_SPREAD 1e-12
#define WIDEST_STEP 0.125 /* of log scales */
#define STEP_IN_DEVIATIONS 0.75
#define MOST ATT_JOINT_MOST_DIMENSIONS

/* An indicator on its way to a part. */
typedef struct {
    const joint_task *task;
    const att_joint_indicator *in;
    size_t coordinates, coordinate[MOST]; /* those that its bounds load on */
    size_t rows;                          /* functionals: bounds on the same one are intersected */
    const double *row[ATT_JOINT_MOST_BOUNDS];
    double lower[ATT_JOINT_MOST_BOUNDS], upper[ATT_JOINT_MOST_BOUNDS];
    size_t variables, variable[MOST * (MOST + 1)];
    size_t factor[MOST * (MOST + 1)],
        at[MOST * (MOST + 1)]; /* of each variable; factor NO_VARIABLE: its own */
    double own[MOST];          /* variance of e_j in z_j */
    double *location, *scale;  /* (rows, components) */
    struct ranked *order;      /* (2, components): by df, the heaviest first; then scratch */
} reader;

typedef struct ranked {
    double df, weight;
    size_t component;
} ranked;

uint64_t joint_bits_of(const joint_task *task, size_t indicator)
{
    size_t first = 0, bounds = task->joint->indicator[indicator].bounds;
    for (size_t i = 0; i < indicator; i++) first += task->joint->indicator[i].bounds;
    if (bounds == 0) return 0;
    return (task->active >> first) & (UINT64_MAX >> (64 - bounds));
}

static double entry(const att_joint_indicator *in, const double *row, int32_t year)
{
    return row[year - in->first_year];
}

/* The coordinates that active bounds load on: from the last year within the horizon to the first one named. */
static size_t coordinates_of(const joint_task *task, size_t indicator, size_t *coordinate)
{
    const att_joint_indicator *in = &task->joint->indicator[indicator];
    size_t count = 0, reach = 0, horizon = in->mixture.horizon;
    uint64_t bits = joint_bits_of(task, indicator);
    for (size_t j = 0; j < task->years; j++) {
        int32_t year = task->year[j];
        if (year < in->first_year || year - in->first_year >= (int32_t)horizon) continue;
        coordinate[count++] = j;
        for (size_t b = 0; b < in->bounds; b++)
            if (bits >> b & 1 && entry(in, in->row + b * horizon, year) != 0) reach = count;
    }
    return reach;
}

void joint_lay_out(const joint_task *task, joint_layout *layout)
{
    size_t factors = task->joint->factors, coordinate[MOST];
    for (size_t c = 0; c < factors * task->years; c++) layout->shared[c] = 0;
    for (size_t i = 0; i < task->joint->indicators; i++) {
        size_t count = coordinates_of(task, i, coordinate);
        for (size_t p = 0; p < factors; p++)
            for (size_t j = 0; j < count; j++)
                layout->shared[p * task->years + coordinate[j]] += task->joint->indicator[i].loading[p] != 0;
    }
    layout->variables = 0;
    for (size_t c = 0; c < factors * task->years; c++)
        layout->shared[c] = layout->shared[c] > 1 ? layout->variables++ : NO_VARIABLE;
}

static void read_bounds(reader *r, size_t indicator)
{
    size_t horizon = r->in->mixture.horizon;
    uint64_t bits = joint_bits_of(r->task, indicator);
    for (size_t b = 0; b < r->in->bounds; b++) {
        const double *row = r->in->row + b * horizon;
        size_t at = 0;
        if (!(bits >> b & 1)) continue;
        while (at < r->rows && memcmp(r->row[at], row, horizon * sizeof *row) != 0) at++;
        if (at == r->rows) {
            r->row[r->rows++] = row;
            r->lower[at] = -INFINITY;
            r->upper[at] = INFINITY;
        }
        r->lower[at] = fmax(r->lower[at], r->in->lower[b]);
        r->upper[at] = fmin(r->upper[at], r->in->upper[b]);
    }
}

static void add_variable(reader *r, size_t variable, size_t factor, size_t at)
{
    r->variable[r->variables] = variable;
    r->factor[r->variables] = factor;
    r->at[r->variables++] = at;
}

static void read_variables(reader *r, joint_layout *layout)
{
    const joint_task *task = r->task;
    for (size_t j = 0; j < r->coordinates; j++) {
        r->own[j] = 1;
        for (size_t p = 0; p < task->joint->factors; p++) {
            size_t variable = layout->shared[p * task->years + r->coordinate[j]];
            if (variable == NO_VARIABLE || r->in->loading[p] == 0) continue;
            add_variable(r, variable, p, j);
            r->own[j] -= r->in->loading[p] * r->in->loading[p];
        }
    }
    for (size_t j = 1; r->rows > 1 && j < r->coordinates; j++)
        add_variable(r, layout->variables++, NO_VARIABLE, j);
}

static int compare(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->df != b->df) return a->df < b->df ? -1 : 1;
    return a->component < b->component ? -1 : 1;
}

#define BUCKETS 64

static size_t bucket_of(double weight)
{
    int halvings = weight > 0 ? -ilogb(weight) : BUCKETS - 1;
    return (size_t)(halvings < 0 ? 0 : halvings < BUCKETS ? halvings : BUCKETS - 1);
}

/* Components of one df, the heaviest first up to a factor of two, which is as good as in order, and takes no sorting. */
static void deal(ranked *run, size_t count, ranked *scratch)
{
    size_t first[BUCKETS + 1] = {0};
    for (size_t k = 0; k < count; k++) first[bucket_of(run[k].weight) + 1]++;
    for (size_t b = 0; b < BUCKETS; b++) first[b + 1] += first[b];
    for (size_t k = 0; k < count; k++) scratch[first[bucket_of(run[k].weight)]++] = run[k];
    memcpy(run, scratch, count * sizeof *run);
}

static void rank_components(reader *r)
{
    const att_mixture *m = &r->in->mixture;
    size_t n = m->components;
    int in_order = 1;
    for (size_t k = 0; k < n; k++) {
        r->order[k] = (ranked){m->df[k], m->weight[k], k};
        in_order &= k == 0 || m->df[k - 1] <= m->df[k];
    }
    if (!in_order) qsort(r->order, n, sizeof *r->order, compare);
    for (size_t from = 0, to = 1; from < n; from = to, to++) {
        while (to < n && r->order[to].df == r->order[from].df) to++;
        deal(r->order + from, to - from, r->order + n);
    }
}

/* The direction of length 1 of a functional over the coordinates. */
static void direction_of(const reader *r, const double *row, const double *factor, double *direction)
{
    size_t n = r->coordinates;
    double square = 0;
    for (size_t j = 0; j < n; j++) {
        direction[j] = 0;
        for (size_t i = j; i < n; i++)
            direction[j] += entry(r->in, row, r->task->year[r->coordinate[i]]) * factor[i * n + j];
        square += direction[j] * direction[j];
    }
    for (size_t j = 0; j < n && square > 0; j++) direction[j] /= sqrt(square);
}

/* What is left to chance given the variables: with one functional all of e, with several e_0, signed. */
static double spread_of(const reader *r, const double *direction)
{
    double square = 0;
    if (r->rows > 1) return direction[0] * sqrt(r->own[0]);
    for (size_t j = 0; j < r->coordinates; j++) square += direction[j] * direction[j] * r->own[j];
    return sqrt(square);
}

typedef struct {
    double *direction, *inverse_spread, *lower, *upper; /* of one component's rows */
} component_target;

/* A row is turned over where its e has the wrong sign, and where it has an upper bound only and stands alone. */
static void write_row(const reader *r, size_t row, size_t k, const double *direction,
                      const component_target *out)
{
    size_t at = row * r->in->mixture.components + k;
    double spread = spread_of(r, direction), lower = (r->lower[row] - r->location[at]) / r->scale[at],
           upper = (r->upper[row] - r->location[at]) / r->scale[at];
    int turn = spread < 0 || (r->rows == 1 && isinf(lower) && isfinite(upper));
    out->inverse_spread[row] = 1 / fmax(fabs(spread), LEAST_SPREAD);
    out->lower[row] = turn ? -upper : lower;
    out->upper[row] = turn ? -lower : upper;
    for (size_t v = 0; v < r->variables; v++) {
        double load = r->factor[v] == NO_VARIABLE ? sqrt(r->own[r->at[v]]) : r->in->loading[r->factor[v]];
        out->direction[row * r->variables + v] = (turn ? -load : load) * direction[r->at[v]];
    }
}

/* A row that is known, and holds. */
static void write_known(const reader *r, size_t row, const component_target *out)
{
    out->inverse_spread[row] = 1;
    out->lower[row] = -INFINITY;
    out->upper[row] = INFINITY;
    for (size_t v = 0; v < r->variables; v++) out->direction[row * r->variables + v] = 0;
}

/* Whether a component can lie inside at all. */
static int is_possible(const reader *r, size_t k)
{
    int possible = r->in->mixture.weight[k] > 0;
    for (size_t row = 0; row < r->rows; row++) {
        size_t at = row * r->in->mixture.components + k;
        double centre = r->location[at];
        possible &= r->scale[at] > 0 ? r->lower[row] < r->upper[row]
                                     : r->lower[row] <= centre && centre <= r->upper[row];
    }
    return possible;
}

static att_status write_component(const reader *r, size_t k, const component_target *out)
{
    double factor[MOST * MOST], direction[MOST];
    size_t place[MOST];
    for (size_t j = 0; j < r->coordinates; j++)
        place[j] = (size_t)(r->task->year[r->coordinate[j]] - r->in->first_year);
    att_status status = ATT_OK;
    if (r->coordinates == 1) /* of which no more than the sign matters */
        factor[0] = 1;
    else
        status = reverse_factor(&r->in->mixture, k, r->coordinates, place, factor);
    for (size_t row = 0; status == ATT_OK && row < r->rows; row++) {
        if (r->scale[row * r->in->mixture.components + k] > 0) {
            direction_of(r, r->row[row], factor, direction);
            write_row(r, row, k, direction, out);
        } else {
            write_known(r, row, out);
        }
    }
    return status;
}

static void open_group(joint_part *part, const reader *r, double df)
{
    part_group *group = &part->group[part->groups++];
    double step = STEP_IN_DEVIATIONS / sqrt(2 * df);
    *group = (part_group){.df = df, .step = isinf(df) ? 1 : fmin(WIDEST_STEP, step)};
    group->rows = (component_rows){.rows = r->rows, .variables = r->variables, .variable = part->variable};
}

static double slope_of(const component_rows *rows, size_t k)
{
    double square = 0;
    for (size_t v = 0; v < rows->variables; v++) {
        double slope = rows->direction[k * rows->variables + v] * rows->inverse_spread[k];
        square += slope * slope;
    }
    return sqrt(square);
}

static void close_group(part_group *group)
{
    component_rows *rows = &group->rows;
    double rest = 0;
    rows->lower_only = rows->rows == 1;
    for (size_t k = rows->components; k-- > 0;) {
        rest += rows->weight[k];
        if (k % PART_SLAB == 0) group->log_rest[k / PART_SLAB] = log(rest);
        if (rows->lower_only && isfinite(rows->upper[k])) rows->lower_only = 0;
    }
}

/* Components that can lie inside, df by df. */
static att_status write_part(const reader *r, joint_part *part)
{
    size_t components = r->in->mixture.components, rows = r->rows, kept = 0;
    double *weight = part->numbers, *inverse = weight + components, total = 0;
    double *lower = inverse + components * rows, *upper = lower + components * rows,
           *direction = upper + components * rows, *rest = direction + components * rows * r->variables;
    for (size_t k = 0; k < components; k++) total += r->in->mixture.weight[k];
    for (size_t i = 0; i < components; i++) {
        size_t k = r->order[i].component, from = kept * rows;
        if (!is_possible(r, k)) continue;
        if (part->groups == 0 || part->group[part->groups - 1].df != r->in->mixture.df[k]) {
            open_group(part, r, r->in->mixture.df[k]);
            part->group[part->groups - 1].log_rest = rest + kept;
            component_rows *first = &part->group[part->groups - 1].rows;
            first->weight = weight + kept;
            first->inverse_spread = inverse + from;
            first->lower = lower + from;
            first->upper = upper + from;
            first->direction = direction + from * r->variables;
        }
        component_target out = {direction + from * r->variables, inverse + from, lower + from, upper + from};
        att_status status = write_component(r, k, &out);
        if (status != ATT_OK) return status;
        weight[kept++] = r->in->mixture.weight[k] / total;
        part->group[part->groups - 1].rows.components++;
    }
    for (size_t g = 0; g < part->groups; g++) {
        close_group(&part->group[g]);
        for (size_t k = 0; rows == 1 && k < part->group[g].rows.components; k++)
            part->steepest = fmax(part->steepest, slope_of(&part->group[g].rows, k));
    }
    for (size_t g = 0; g < part->groups; g++) part->group[g].step /= fmax(1, part->steepest);
    return ATT_OK;
}

static att_status open_buffers(reader *r, joint_part *part)
{
    size_t components = r->in->mixture.components;
    part->has_kinks = r->rows > 1 && r->coordinates > 1;
    part->variable = new_block(r->variables, 1, 1, sizeof(size_t));
    part->group = new_block(components, 1, 1, sizeof(part_group));
    part->numbers = new_block(components, r->rows * (r->variables + 3) + 2, 1, sizeof(double));
    r->location = new_block(components, 2 * r->rows, 1, sizeof(double));
    r->order = new_block(components, 2, 1, sizeof *r->order);
    if (!part->variable || !part->group || !part->numbers || !r->location || !r->order) return ATT_NO_MEMORY;
    r->scale = r->location + components * r->rows;
    memcpy(part->variable, r->variable, r->variables * sizeof(size_t));
    return ATT_OK;
}

att_status joint_part_open(const joint_task *task, size_t indicator, joint_layout *layout, joint_part *part)
{
    reader *r = new_block(1, 1, 1, sizeof(reader));
    *part = (joint_part){0};
    if (!r) return ATT_NO_MEMORY;
    r->task = task;
    r->in = &task->joint->indicator[indicator];
    r->coordinates = coordinates_of(task, indicator, r->coordinate);
    read_bounds(r, indicator);
    read_variables(r, layout);
    size_t components = r->in->mixture.components;
    att_status status = layout->variables <= MOST ? open_buffers(r, part) : ATT_TOO_MANY;
    for (size_t row = 0; status == ATT_OK && row < r->rows; row++)
        status = att_mixture_margin(&r->in->mixture, r->row[row], r->location + row * components,
                                    r->scale + row * components);
    if (status == ATT_OK) {
        rank_components(r);
        status = write_part(r, part);
    }
    free(r->location);
    free(r->order);
    free(r);
    return status;
}

void joint_part_free(joint_part *part)
{
    free(part->variable);
    free(part->group);
    free(part->numbers);
    *part = (joint_part){0};
}
