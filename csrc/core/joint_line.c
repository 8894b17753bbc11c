/* What is the integral over the one variable, for all products that are asked for?
 *
 * The integrand, phi(x) times probabilities, is analytic: the trapezoidal rule on the whole line is exponentially
 * exact, unless parts have kinks. Even and odd nodes of the line, and of the scales of the parts, are rules of twice the
 * step, whose difference tells the error (joint_given.h). Steps are halved until it is small enough. */
#include "joint_line.h"

#include <math.h>
#include <stdlib.h>

#include "kernels.h"
#include "memory.h"

#define FALL 30.0 /* of an integrand below its value at 0, whatever the product */
#define MOST_BLOCKS 2000
#define LOG_SQRT_2PI 0.91893853320467274178
#define ROUNDING 1e-13      /* of each part, what it leaves out among it */
#define KERNEL_ERROR 1e-14  /* for each unit of a log */
#define SMOOTH_ERROR 1e-6   /* that comes at little cost */
#define KINK_SAFETY 5       /* actual errors were found at up to 4.7 times the last change */
#define MOST_DIFFERENCE 1e3 /* of logs: hopeless */
#define STEEPEST 16.0
#define LEAST_LOG (-1e5) /* what is less at 0 counts as this */

/* log M of every part at places that are blocks of LANES, which grow to both sides. */
typedef struct {
    const joint_products *products;
    const separation_kernel *kernel;
    int has_kinks;
    source_depth depth;
    double step;
    size_t blocks, room;  /* in use, allocated */
    double *place;        /* (blocks, LANES) */
    given_log *log_given; /* (blocks, parts) */
    double *at_zero;      /* (parts), log M at 0 */
} line_table;

static int reserve(line_table *t, size_t blocks)
{
    if (blocks <= t->room) return 1;
    size_t room = 2 * blocks, parts = t->products->parts;
    double *place = realloc(t->place, room * LANES * sizeof(double));
    if (place) t->place = place;
    given_log *grown = place ? realloc(t->log_given, checked_product(room, parts, sizeof(given_log))) : NULL;
    if (grown) t->log_given = grown;
    if (!grown) return 0;
    t->room = room;
    return 1;
}

/* Adds the block of places from number `first` on. */
static att_status add_block(line_table *t, long first)
{
    size_t parts = t->products->parts;
    if (t->blocks >= MOST_BLOCKS) return ATT_NO_CONVERGENCE;
    if (!reserve(t, t->blocks + 1)) return ATT_NO_MEMORY;
    double *x = t->place + t->blocks * LANES;
    for (int lane = 0; lane < LANES; lane++) x[lane] = (double)(first + lane) * t->step;
    att_status status = ATT_OK;
    for (size_t i = 0; status == ATT_OK && i < parts; i++)
        status = joint_source_given(t->products->source[i], t->kernel, t->depth, first,
                                    &t->log_given[t->blocks * parts + i]);
    t->blocks++;
    return status;
}

/* The most that any product of parts can be at the outer end of the last block, over what it is at 0. */
static double most_at_end(const line_table *t, int lane)
{
    size_t parts = t->products->parts;
    double x = t->place[(t->blocks - 1) * LANES + (size_t)lane], most = -0.5 * x * x;
    for (size_t i = 0; i < parts; i++)
        most += fmax(0, t->log_given[(t->blocks - 1) * parts + i].all[lane] - t->at_zero[i]);
    return most;
}

static att_status fill(line_table *t)
{
    size_t parts = t->products->parts;
    t->blocks = 0;
    att_status status = add_block(t, 0);
    for (size_t i = 0; status == ATT_OK && i < parts; i++)
        t->at_zero[i] = fmax(t->log_given[i].all[0], LEAST_LOG);
    long first = LANES;
    while (status == ATT_OK && most_at_end(t, LANES - 1) > -FALL) {
        status = add_block(t, first);
        first += LANES;
    }
    first = -LANES;
    if (status == ATT_OK) status = add_block(t, first);
    while (status == ATT_OK && most_at_end(t, 0) > -FALL) {
        first -= LANES;
        status = add_block(t, first);
    }
    return status;
}

/* A sum of exponentials. */
typedef struct {
    double peak, sum;
} log_sum;

static void add_term(log_sum *total, double term)
{
    if (term <= LOG_NOTHING) return;
    if (term <= total->peak) {
        total->sum += exp(term - total->peak);
    } else {
        total->sum = total->sum * exp(total->peak - term) + 1;
        total->peak = term;
    }
}

static double log_of(log_sum total)
{
    return total.sum > 0 ? total.peak + log(total.sum) : -INFINITY;
}

/* |log a - log b|, infinite where one of them is nothing. */
static double log_distance(log_sum a, log_sum b)
{
    if (a.sum == 0 && b.sum == 0) return 0;
    return a.sum > 0 && b.sum > 0 ? fabs(log_of(a) - log_of(b)) : INFINITY;
}

typedef struct {
    double log_value, of_line, of_scale, left_out; /* estimated errors of the log */
} line_answer;

static double relative(log_sum part, log_sum whole)
{
    return part.sum > 0 ? exp(log_of(part) - log_of(whole)) : 0;
}

/* Where even and odd scales disagree by d, the sum over all errs by halves_error(d): added up place by place, since some
 * places are of rules that have no halves. */
static line_answer product_of(const line_table *t, const size_t *factor)
{
    const joint_products *p = t->products;
    log_sum all = {-INFINITY, 0}, line[2] = {all, all}, scale = all, left_out = all;
    for (size_t c = 0; c < t->blocks * LANES; c++) {
        const given_log *row = t->log_given + c / LANES * p->parts;
        double density = -0.5 * t->place[c] * t->place[c], whole = density, difference = 0;
        unsigned at_most = 0;
        for (size_t i = 0; i < p->width && factor[i] != NO_VARIABLE; i++) {
            whole += row[factor[i]].all[c % LANES];
            difference += row[factor[i]].even[c % LANES] - row[factor[i]].odd[c % LANES];
            at_most |= row[factor[i]].at_most >> (c % LANES) & 1;
        }
        add_term(at_most ? &left_out : &all, whole);
        if (at_most) continue;
        add_term(&line[c % 2], whole);
        if (difference != 0)
            add_term(&scale,
                     whole + log(halves_error(fmin(fabs(difference), MOST_DIFFERENCE), t->has_kinks)));
    }
    return (line_answer){fmin(log_of(all) + log(t->step) - LOG_SQRT_2PI, 0),
                         halves_error(log_distance(line[0], line[1]), t->has_kinks), relative(scale, all),
                         relative(left_out, all)};
}

/* What an answer has changed by since the steps were last halved; with kinks the halves of a rule can agree by chance. */
static double change_since(const line_table *t, double log_value, const att_joint_result *before, int again)
{
    if (!t->has_kinks || isinf(log_value)) return 0;
    return again ? KINK_SAFETY * fabs(log_value - before->log_probability) : INFINITY;
}

/* Writes the answers over those before; returns the largest errors. */
static line_answer write_answers(const line_table *t, att_joint_result *result, int again)
{
    line_answer worst = {0, 0, 0, 0};
    for (size_t a = 0; a < t->products->answers; a++) {
        line_answer found = product_of(t, t->products->factor + a * t->products->width);
        double sure = (double)t->products->width * ROUNDING - KERNEL_ERROR * found.log_value;
        double rounding = isinf(found.log_value) ? 0 : sure;
        double change = change_since(t, found.log_value, &result[a], again);
        result[a] = (att_joint_result){
            found.log_value, fmax(found.of_line + found.of_scale + found.left_out, change) + rounding,
            t->blocks * LANES};
        worst.of_line = fmax(worst.of_line, fmax(found.of_line, change));
        worst.of_scale = fmax(worst.of_scale, fmax(found.of_scale, change));
        worst.left_out = fmax(worst.left_out, found.left_out);
    }
    return worst;
}

/* Halves a step where it leaves too much error and may be halved; returns whether it was. */
static int halve(int *refinement, double error, double enough)
{
    if (error <= enough || *refinement >= MOST_REFINEMENT) return 0;
    *refinement *= 2;
    return 1;
}

static att_status refine(line_table *t, double relative_error, att_joint_result *result)
{
    double enough = 0.5 * (t->has_kinks ? relative_error : fmin(relative_error, SMOOTH_ERROR));
    for (int again = 0;; again = 1) {
        t->step = LINE_STEP / t->depth.line_refinement;
        att_status status = fill(t);
        if (status != ATT_OK) return status;
        line_answer worst = write_answers(t, result, again);
        if (!t->depth.in_depth && worst.left_out > ROUNDING) {
            t->depth.in_depth = 1;
            continue;
        }
        int line = halve(&t->depth.line_refinement, worst.of_line, enough);
        int scale = halve(&t->depth.scale_refinement, worst.of_scale, enough);
        if (!line && !scale) return ATT_OK;
    }
}

/* Halves that are both too coarse may agree by chance. The spectrum of phi(x) prod Phi(slope_i x - ...) falls at least as
 * exp(-w^2 / (2 (1 + sum slope_i^2))), and the rule errs by it at w = 2 pi / step: by exp(-20) at STEEPEST. */
static int first_refinement(const joint_products *products)
{
    double most = 0;
    int refinement = 1;
    for (size_t a = 0; a < products->answers; a++) {
        const size_t *factor = products->factor + a * products->width;
        double square = 1;
        for (size_t i = 0; i < products->width && factor[i] != NO_VARIABLE; i++)
            square +=
                products->source[factor[i]]->part->steepest * products->source[factor[i]]->part->steepest;
        most = fmax(most, square);
    }
    while (most > STEEPEST * refinement * refinement && refinement < MOST_REFINEMENT) refinement *= 2;
    return refinement;
}

static int any_has_kinks(const joint_products *products)
{
    for (size_t i = 0; i < products->parts; i++)
        if (products->source[i]->part->has_kinks) return 1;
    return 0;
}

att_status joint_line(const joint_products *products, double relative_error, att_joint_result *result)
{
    line_table table = {.products = products,
                        .kernel = separation_choose(),
                        .has_kinks = any_has_kinks(products),
                        .depth = {.line_refinement = first_refinement(products), .scale_refinement = 1},
                        .at_zero = new_block(products->parts, 1, 1, sizeof(double))};
    att_status status = table.at_zero ? refine(&table, relative_error, result) : ATT_NO_MEMORY;
    free(table.place);
    free(table.log_given);
    free(table.at_zero);
    return status;
}
