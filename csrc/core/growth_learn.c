/* Which weights of the points would have foretold best?
 *
 * For series s with history y_s and outcomes f_sh, h = 1 .. H, the score is the mean log predictive density
 *     (1/S) sum_s (1/H_s) sum_h log sum_g W_sg p_g(f_sh),     W_sg ~ w_g p_g(y_s)^share,
 * and its gradient in u_g = log w_g, for weights of sum 1, the mean of "responsibility of the point given history
 * and outcome" less "given history". Weights climb it by Adam [1], a step for each pass through the series; what
 * the points say of each series, log p_g(y_s)^share and log p_g(f_sh), is computed once.
 *
 * [1] D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1
 */
#include <math.h>
#include <stdlib.h>

#include "growth_batch.h"
#include "growth_point.h"
#include "memory.h"

/* Logs of weights below this are held there: such a point has no say, and could come back. */
static const double LEAST_LOG_WEIGHT = -14;
static const double MEMORY = 0.9, SQUARE_MEMORY = 0.99, TINY = 1e-8;

typedef struct {
    size_t points, series, horizons;
    float *evidence;       /* (S, G) log p_g(y_s)^share up to a constant of s */
    float *outcome;        /* (S, H, G) log p_g(f_sh) */
    unsigned char *came;   /* (S, H) */
    float *prior, *part;   /* (G) scratch of a series */
    double *u, *gradient;  /* (G) */
    double *mean, *square; /* (G) of Adam */
} learner;

static att_status learner_init(learner *l, size_t points, size_t series, size_t horizons)
{
    *l = (learner){.points = points, .series = series, .horizons = horizons};
    l->evidence = new_block(series, points, 1, sizeof(float));
    l->outcome = new_block(series, horizons, points, sizeof(float));
    l->came = new_block(series, horizons, 1, 1);
    l->prior = new_block(points, 1, 1, sizeof(float));
    l->part = new_block(points, 1, 1, sizeof(float));
    l->u = new_block(points, 1, 1, sizeof(double));
    l->gradient = new_block(points, 1, 1, sizeof(double));
    l->mean = new_block(points, 1, 1, sizeof(double));
    l->square = new_block(points, 1, 1, sizeof(double));
    int ready = l->evidence && l->outcome && l->came && l->prior && l->part && l->u && l->gradient &&
                l->mean && l->square;
    return ready ? ATT_OK : ATT_NO_MEMORY;
}

static void learner_free(learner *l)
{
    free(l->evidence);
    free(l->outcome);
    free(l->came);
    free(l->prior);
    free(l->part);
    free(l->u);
    free(l->gradient);
    free(l->mean);
    free(l->square);
}

static void note_outcome(const att_margin *margin, double actual, float *outcome)
{
    for (size_t g = 0; g < margin->components; g++) {
        double z = (actual - margin->location[g]) / margin->scale[g];
        outcome[g] = (float)(att_log_density(z, margin->df[g]) - log(margin->scale[g]));
    }
}

/* What the points say of one series, which stands in the batch. */
static att_status note_series(learner *l, growth_batch *batch, const att_learning *task, size_t s)
{
    const double *table = batch->prior->table;
    for (size_t h = 0; h < l->horizons; h++) {
        double actual = task->actual[s * l->horizons + h];
        if (isnan(actual)) continue;
        if (isinf(actual)) return ATT_NOT_FINITE;
        att_margin margin = growth_batch_margin(batch, (size_t)task->horizon[h] - 1);
        note_outcome(&margin, actual, l->outcome + (s * l->horizons + h) * l->points);
        l->came[s * l->horizons + h] = 1;
    }
    for (size_t g = 0; g < l->points; g++) {
        double weight = fmax(batch->weight[g], 1e-300);
        l->evidence[s * l->points + g] = (float)(log(weight) - log(point_of(table, g).weight));
    }
    return ATT_OK;
}

static att_status note_all(learner *l, const att_growth_prior *prior, const att_observations *table,
                           const att_learning *task, size_t farthest, att_status *status)
{
    growth_batch batch;
    att_status ready = growth_batch_init(&batch, prior, table);
    for (size_t row = 0, end, s = 0; row < table->rows && ready == ATT_OK; row = end, s++) {
        end = growth_series_end(table, row);
        att_observations series = growth_rows(table, row, end);
        status[s] = growth_read(&series, &batch.windows, NULL, NULL);
        if (status[s] == ATT_OK && batch.windows.has_errors) status[s] = ATT_BAD_ERROR;
        if (status[s] == ATT_OK) status[s] = growth_batch_run(&batch, &series, farthest);
        if (status[s] == ATT_OK) status[s] = note_series(l, &batch, task, s);
        if (status[s] != ATT_OK) ready = status[s];
    }
    growth_batch_free(&batch);
    return ready;
}

/* exp(log value - greatest) in place of the logs; returns log of their sum. */
static double exponentials(float *value, size_t count)
{
    float top = value[0];
    double sum = 0;
    for (size_t g = 1; g < count; g++) top = value[g] > top ? value[g] : top;
    for (size_t g = 0; g < count; g++) value[g] = expf(value[g] - top);
    for (size_t g = 0; g < count; g++) sum += value[g];
    return (double)top + log(sum);
}

static void add_shares(double *gradient, const float *value, size_t count, double factor)
{
    double sum = 0;
    for (size_t g = 0; g < count; g++) sum += value[g];
    for (size_t g = 0; g < count; g++) gradient[g] += factor / sum * value[g];
}

/* What a series counts for: nothing where nothing came. */
static double importance_of(const att_learning *task, size_t s)
{
    size_t h = 0;
    while (h < task->horizons && isnan(task->actual[s * task->horizons + h])) h++;
    if (h == task->horizons) return 0;
    return task->importance ? task->importance[s] : 1;
}

/* Adds one series that counts to the gradient; returns its mean log predictive density. */
static double climb_series(learner *l, size_t s, double importance)
{
    size_t count = 0;
    double score = 0;
    for (size_t h = 0; h < l->horizons; h++) count += l->came[s * l->horizons + h];
    for (size_t g = 0; g < l->points; g++) l->prior[g] = l->evidence[s * l->points + g] + (float)l->u[g];
    for (size_t h = 0; h < l->horizons; h++) {
        if (!l->came[s * l->horizons + h]) continue;
        const float *outcome = l->outcome + (s * l->horizons + h) * l->points;
        for (size_t g = 0; g < l->points; g++) l->part[g] = l->prior[g] + outcome[g];
        score += exponentials(l->part, l->points) / (double)count;
        add_shares(l->gradient, l->part, l->points, importance / (double)count);
    }
    score -= exponentials(l->prior, l->points);
    add_shares(l->gradient, l->prior, l->points, -importance);
    return score;
}

/* The score under the weights that stand; the gradient stands too. */
static double evaluate(learner *l, const att_learning *task)
{
    double score = 0, total = 0;
    for (size_t g = 0; g < l->points; g++) l->gradient[g] = 0;
    for (size_t s = 0; s < l->series; s++) {
        double importance = importance_of(task, s);
        if (importance == 0) continue;
        score += importance * climb_series(l, s, importance);
        total += importance;
    }
    for (size_t g = 0; g < l->points; g++) l->gradient[g] /= total;
    return score / total;
}

/* Logs of weights of sum 1. */
static void normalise(double *u, size_t count)
{
    double top = u[0], sum = 0;
    for (size_t g = 1; g < count; g++) top = fmax(top, u[g]);
    for (size_t g = 0; g < count; g++) sum += exp(u[g] - top);
    for (size_t g = 0; g < count; g++) u[g] -= top + log(sum);
}

static void step(learner *l, size_t number, double rate)
{
    double mean_share = 1 - pow(MEMORY, (double)number),
           square_share = 1 - pow(SQUARE_MEMORY, (double)number);
    for (size_t g = 0; g < l->points; g++) {
        double slope = l->gradient[g];
        l->mean[g] = MEMORY * l->mean[g] + (1 - MEMORY) * slope;
        l->square[g] = SQUARE_MEMORY * l->square[g] + (1 - SQUARE_MEMORY) * slope * slope;
        l->u[g] += rate * (l->mean[g] / mean_share) / (sqrt(l->square[g] / square_share) + TINY);
    }
    normalise(l->u, l->points);
    for (size_t g = 0; g < l->points; g++) l->u[g] = fmax(l->u[g], LEAST_LOG_WEIGHT);
}

static att_status check_task(const att_learning *task, size_t series, size_t *farthest)
{
    double total = 0;
    if (task->horizons == 0 || series == 0 || !(task->rate > 0)) return ATT_BAD_ARGUMENT;
    for (size_t h = 0; h < task->horizons; h++) {
        size_t years = task->horizon[h] > 0 ? (size_t)task->horizon[h] : 0;
        att_status status = att_growth_horizon_check(years);
        if (status != ATT_OK) return status;
        if (years > *farthest) *farthest = years;
    }
    for (size_t s = 0; s < series; s++) {
        double importance = task->importance ? task->importance[s] : 1;
        if (!(importance >= 0) || isinf(importance)) return ATT_BAD_ARGUMENT;
        total += importance_of(task, s);
    }
    return total > 0 ? ATT_OK : ATT_BAD_ARGUMENT;
}

static void climb(learner *l, const att_growth_prior *start, const att_learning *task, double *weight,
                  double *score)
{
    for (size_t g = 0; g < l->points; g++) l->u[g] = log(point_of(start->table, g).weight);
    normalise(l->u, l->points);
    for (size_t number = 1; number <= task->steps; number++) {
        evaluate(l, task);
        step(l, number, task->rate);
    }
    normalise(l->u, l->points);
    *score = evaluate(l, task);
    for (size_t g = 0; g < l->points; g++) weight[g] = exp(l->u[g]);
}

att_status att_growth_learn(const att_growth_prior *start, const att_observations *table,
                            const att_learning *task, att_status *status, double *weight, double *score)
{
    learner l;
    size_t farthest = 0, series = att_observations_series(table);
    att_status ready = att_growth_prior_check(start);
    if (ready == ATT_OK && !growth_is_sorted(table)) ready = ATT_BAD_ORDER;
    if (ready == ATT_OK) ready = check_task(task, series, &farthest);
    if (ready != ATT_OK) return ready;
    ready = learner_init(&l, start->points, series, task->horizons);
    if (ready == ATT_OK) ready = note_all(&l, start, table, task, farthest, status);
    if (ready == ATT_OK) climb(&l, start, task, weight, score);
    learner_free(&l);
    return ready;
}
