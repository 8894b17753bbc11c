/* How likely are all bounds together? Checks, the years that matter, and the way that the dimension decides. */
#include "attain/joint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "joint_lattice.h"
#include "joint_line.h"
#include "joint_memo.h"
#include "memory.h"
#include "reverse_time.h"

#define MOST ATT_JOINT_MOST_DIMENSIONS

static att_status check_indicator(const att_joint_indicator *in, size_t factors)
{
    double common = 0;
    if (in->bounds > 0 && (!in->row || !in->lower || !in->upper)) return ATT_BAD_ARGUMENT;
    if (!in->mixture.location || !in->mixture.scale || in->mixture.horizon == 0) return ATT_BAD_ARGUMENT;
    if (in->mixture.horizon > INT32_MAX || (factors > 0 && !in->loading)) return ATT_BAD_ARGUMENT;
    for (size_t p = 0; p < factors; p++) {
        if (!isfinite(in->loading[p])) return ATT_NOT_FINITE;
        common += in->loading[p] * in->loading[p];
    }
    if (common > ATT_JOINT_MOST_COMMON) return ATT_BAD_ARGUMENT;
    for (size_t b = 0; b < in->bounds; b++) {
        if (isnan(in->lower[b]) || isnan(in->upper[b])) return ATT_NOT_FINITE;
        if (in->lower[b] > in->upper[b]) return ATT_EMPTY_RECTANGLE;
    }
    return ATT_OK;
}

static att_status check(const att_joint *joint, const att_rectangle_accuracy *accuracy, const void *result,
                        size_t *bounds)
{
    att_status status = ATT_OK;
    if (!joint || !accuracy || !result || !joint->indicator || joint->indicators == 0)
        return ATT_BAD_ARGUMENT;
    if (!(accuracy->relative_error > 0)) return ATT_BAD_ARGUMENT;
    if (joint->factors > MOST) return ATT_TOO_MANY;
    *bounds = 0;
    for (size_t i = 0; status == ATT_OK && i < joint->indicators; i++) {
        status = check_indicator(&joint->indicator[i], joint->factors);
        *bounds += joint->indicator[i].bounds;
        if (*bounds > ATT_JOINT_MOST_BOUNDS) status = ATT_TOO_MANY;
    }
    return status;
}

/* The years that any bound names, active or not: subsets of bounds speak of one model. */
static size_t used_years(const att_joint *joint, int32_t *year)
{
    size_t years = 0;
    for (size_t i = 0; i < joint->indicators; i++) {
        const att_joint_indicator *in = &joint->indicator[i];
        for (size_t c = 0; c < in->bounds * in->mixture.horizon && years <= MOST; c++)
            if (in->row[c] != 0)
                years = insert_year(year, years, MOST, in->first_year + (int32_t)(c % in->mixture.horizon));
    }
    return years;
}

/* The parts of the active bounds. */
typedef struct {
    joint_layout layout;
    size_t parts;
    joint_part *part; /* (indicators) */
} opened;

static void close_parts(opened *o)
{
    for (size_t i = 0; i < o->parts; i++) joint_part_free(&o->part[i]);
    free(o->part);
    free(o->layout.shared);
    *o = (opened){0};
}

static att_status open_parts(const joint_task *task, opened *o)
{
    size_t indicators = task->joint->indicators;
    *o = (opened){0};
    o->part = new_block(indicators, 1, 1, sizeof(joint_part));
    o->layout.shared = new_block(task->joint->factors, task->years, 1, sizeof(size_t));
    if (!o->part || !o->layout.shared) return ATT_NO_MEMORY;
    joint_lay_out(task, &o->layout);
    att_status status = ATT_OK;
    for (size_t i = 0; status == ATT_OK && i < indicators; i++)
        if (joint_bits_of(task, i)) status = joint_part_open(task, i, &o->layout, &o->part[o->parts++]);
    return status;
}

static int is_impossible(const opened *o)
{
    for (size_t i = 0; i < o->parts; i++)
        if (o->part[i].groups == 0) return 1;
    return 0;
}

/* Answers from parts that serve no other integral. */
static att_status line_of_parts(const joint_part *part, joint_products *products, double relative_error,
                                att_joint_result *result)
{
    joint_source *own = new_block(products->parts, 1, 1, sizeof(joint_source));
    joint_source **source = new_block(products->parts, 1, 1, sizeof *source);
    for (size_t i = 0; own && source && i < products->parts; i++) {
        own[i].part = &part[i];
        source[i] = &own[i];
    }
    products->source = source;
    att_status status = own && source ? joint_line(products, relative_error, result) : ATT_NO_MEMORY;
    for (size_t i = 0; own && i < products->parts; i++) joint_source_free(&own[i]);
    free(own);
    free(source);
    return status;
}

/* 0, 1, 2, ... */
static size_t *all_of_them(size_t parts)
{
    size_t *factor = new_block(parts, 1, 1, sizeof(size_t));
    for (size_t i = 0; factor && i < parts; i++) factor[i] = i;
    return factor;
}

static att_status product_line(const opened *o, double relative_error, att_joint_result *result)
{
    size_t *factor = all_of_them(o->parts);
    if (!factor) return ATT_NO_MEMORY;
    joint_products products = {.parts = o->parts, .answers = 1, .width = o->parts, .factor = factor};
    att_status status = line_of_parts(o->part, &products, relative_error, result);
    free(factor);
    return status;
}

static att_status solve(const joint_task *task, const att_rectangle_accuracy *accuracy,
                        att_joint_result *result)
{
    opened o;
    att_status status = open_parts(task, &o);
    *result = (att_joint_result){0, 0, 0};
    if (status == ATT_OK && is_impossible(&o))
        result->log_probability = -INFINITY;
    else if (status == ATT_OK && o.parts > 0 && o.layout.variables <= 1)
        status = product_line(&o, accuracy->relative_error, result);
    else if (status == ATT_OK && o.parts > 0)
        status = joint_lattice(o.part, o.parts, o.layout.variables, accuracy, result);
    close_parts(&o);
    return status;
}

static uint64_t first_bits(size_t bounds)
{
    return bounds == 0 ? 0 : UINT64_MAX >> (64 - bounds);
}

att_status att_joint_log_probability(const att_joint *joint, const att_rectangle_accuracy *accuracy,
                                     att_joint_result *result)
{
    int32_t year[MOST];
    size_t bounds;
    att_status status = check(joint, accuracy, result, &bounds);
    if (status != ATT_OK) return status;
    joint_task task = {joint, first_bits(bounds), used_years(joint, year), year};
    return task.years > MOST ? ATT_TOO_MANY : solve(&task, accuracy, result);
}

/* Every indicator has bounds on one functional, and the integral has one variable at most. */
static int is_simple_line(const att_joint *joint, const joint_layout *layout)
{
    for (size_t i = 0; i < joint->indicators; i++) {
        const att_joint_indicator *in = &joint->indicator[i];
        size_t horizon = in->mixture.horizon;
        if (in->bounds == 0) return 0;
        for (size_t b = 1; b < in->bounds; b++)
            if (memcmp(in->row, in->row + b * horizon, horizon * sizeof *in->row) != 0) return 0;
    }
    return layout->variables <= 1;
}

static att_status line_of_memo(const joint_task *task, const joint_layout *layout, const uint64_t *key,
                               att_joint_memo *memo, double relative_error, att_joint_result *result)
{
    size_t parts = task->joint->indicators, *factor = all_of_them(parts);
    joint_source **source = new_block(parts, 1, 1, sizeof *source);
    att_status status = factor && source ? ATT_OK : ATT_NO_MEMORY;
    int possible = 1;
    joint_memo_reserve(memo, parts);
    for (size_t i = 0; status == ATT_OK && i < parts; i++) {
        status = joint_memo_source(memo, key[i], task, i, layout, &source[i]);
        possible = possible && status == ATT_OK && source[i]->part->groups > 0;
    }
    joint_products products = {parts, 1, source, parts, factor};
    *result = (att_joint_result){-INFINITY, 0, 0};
    if (status == ATT_OK && possible) status = joint_line(&products, relative_error, result);
    free(factor);
    free(source);
    return status;
}

att_status att_joint_log_probability_again(const att_joint *joint, const uint64_t *key, att_joint_memo *memo,
                                           const att_rectangle_accuracy *accuracy, att_joint_result *result)
{
    int32_t year[MOST];
    size_t bounds;
    att_status status = check(joint, accuracy, result, &bounds);
    if (status != ATT_OK) return status;
    if (!key || !memo) return ATT_BAD_ARGUMENT;
    joint_task task = {joint, first_bits(bounds), used_years(joint, year), year};
    if (task.years > MOST) return ATT_TOO_MANY;
    joint_layout layout = {.shared = new_block(joint->factors, task.years, 1, sizeof(size_t))};
    if (!layout.shared) return ATT_NO_MEMORY;
    joint_lay_out(&task, &layout);
    status = is_simple_line(joint, &layout)
                 ? line_of_memo(&task, &layout, key, memo, accuracy->relative_error, result)
                 : solve(&task, accuracy, result);
    free(layout.shared);
    return status;
}

/* Numbers of the part of every non-empty set of an indicator's bounds: first[i] + set - 1. */
typedef struct {
    size_t *first;  /* (indicators) */
    size_t *factor; /* (2^B, indicators) */
    joint_part *part;
    size_t parts, opened;
} pieces;

static void close_pieces(pieces *p)
{
    for (size_t i = 0; i < p->opened; i++) joint_part_free(&p->part[i]);
    free(p->part);
    free(p->first);
    free(p->factor);
}

static att_status open_pieces(const joint_task *task, const joint_layout *layout, size_t bounds, pieces *p)
{
    size_t indicators = task->joint->indicators;
    p->first = new_block(indicators, 1, 1, sizeof(size_t));
    p->factor = new_block((size_t)1 << bounds, indicators, 1, sizeof(size_t));
    for (size_t i = 0; p->first && i < indicators; i++) {
        p->first[i] = p->parts;
        p->parts += ((size_t)1 << task->joint->indicator[i].bounds) - 1;
    }
    p->part = new_block(p->parts, 1, 1, sizeof(joint_part));
    if (!p->first || !p->factor || !p->part) return ATT_NO_MEMORY;
    att_status status = ATT_OK;
    for (size_t i = 0, shift = 0; i < indicators; shift += task->joint->indicator[i++].bounds) {
        for (uint64_t set = 1; status == ATT_OK && set < (uint64_t)1 << task->joint->indicator[i].bounds;
             set++) {
            joint_task own = {task->joint, set << shift, task->years, task->year};
            joint_layout same = *layout;
            status = joint_part_open(&own, i, &same, &p->part[p->opened++]);
        }
    }
    return status;
}

static void list_factors(const joint_task *task, size_t bounds, pieces *p)
{
    size_t indicators = task->joint->indicators;
    for (uint64_t subset = 0; subset < (uint64_t)1 << bounds; subset++) {
        size_t *factor = p->factor + subset * indicators, count = 0;
        joint_task own = {task->joint, subset, task->years, task->year};
        for (size_t i = 0; i < indicators; i++) {
            uint64_t set = joint_bits_of(&own, i);
            if (set) factor[count++] = p->first[i] + set - 1;
        }
        if (count < indicators) factor[count] = NO_VARIABLE;
    }
}

static att_status subsets_of_line(const joint_task *task, const joint_layout *layout, size_t bounds,
                                  double relative_error, att_joint_result *result)
{
    pieces p = {0};
    att_status status = open_pieces(task, layout, bounds, &p);
    if (status == ATT_OK) {
        list_factors(task, bounds, &p);
        joint_products products = {.parts = p.parts,
                                   .answers = (size_t)1 << bounds,
                                   .width = task->joint->indicators,
                                   .factor = p.factor};
        status = line_of_parts(p.part, &products, relative_error, result);
    }
    close_pieces(&p);
    return status;
}

att_status att_joint_subsets(const att_joint *joint, const att_rectangle_accuracy *accuracy,
                             att_joint_result *result)
{
    int32_t year[MOST];
    size_t bounds;
    opened all;
    att_status status = check(joint, accuracy, result, &bounds);
    if (status != ATT_OK) return status;
    joint_task task = {joint, first_bits(bounds), used_years(joint, year), year};
    if (task.years > MOST || bounds > ATT_JOINT_MOST_SUBSETS) return ATT_TOO_MANY;
    status = open_parts(&task, &all);
    int is_line = all.layout.variables <= 1;
    if (status == ATT_OK) joint_lay_out(&task, &all.layout); /* parts have taken variables from it */
    if (status == ATT_OK && is_line)
        status = subsets_of_line(&task, &all.layout, bounds, accuracy->relative_error, result);
    for (task.active = 0; status == ATT_OK && !is_line && task.active < (uint64_t)1 << bounds; task.active++)
        status = solve(&task, accuracy, &result[task.active]);
    close_parts(&all);
    return status;
}
