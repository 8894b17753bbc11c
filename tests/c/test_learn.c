/* Learning the weights of a prior: against the posterior's own densities, and a search over the one free weight of two
 * points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "attain/distribution.h"
#include "attain/growth.h"

enum { POINTS = 2, SERIES = 6, LEVELS = 4, HORIZONS = 2, FARTHEST = 3, ROWS = SERIES * LEVELS };

/* A quiet random walk, and growth that persists, with drift that fades and volatility that was higher. */
static const double START[POINTS * ATT_PRIOR_COLUMNS] = {
    0,   0,   1,   0,   0.03, 0.05, 1.5, 0.02, 1,   0, 2, /* phi r w q m0 k0 a0 s0 rho d weight */
    0.6, 0.3, 0.4, 0.3, 0.03, 0.3,  1.5, 0.1,  0.8, 1, 6,
};
static const att_growth_prior start = {POINTS, START, 2};

static const int64_t OF_SERIES[ROWS] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2,
                                        3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5};
static const int32_t YEAR[ROWS] = {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3, 4, 1, 2, 4, 5};
static const int32_t ZERO[ROWS] = {0};
static const double VALUE[ROWS] = {
    1.00, 1.03, 1.05, 1.09, 5.00, 5.10, 5.30, 5.40, 2.00, 2.50, 2.20, 2.90, /* */
    3.00, 3.10, 3.15, 3.40, 0.80, 0.70, 0.95, 1.10, 7.00, 7.20, 7.60, 7.80,
};
static const att_observations table = {ROWS, OF_SERIES, YEAR, ZERO, ZERO, VALUE, NULL, NULL};

static const int32_t HORIZON[HORIZONS] = {1, FARTHEST};
/* Growth over the horizons; the logs of the levels that came, one of which did not, stand in `came`. */
static const double GROWTH[SERIES][HORIZONS] = {{0.03, 0.08}, {0.02, NAN},  {-0.2, 0.4},
                                                {0.04, 0.09}, {0.15, -0.3}, {0.03, 0.2}};

typedef struct {
    double came[SERIES * HORIZONS];
    att_learning task;
} fixture;

static void make_task(fixture *f, size_t steps)
{
    for (size_t s = 0; s < SERIES; s++) {
        double last = log(VALUE[s * LEVELS + LEVELS - 1]);
        for (size_t h = 0; h < HORIZONS; h++) f->came[s * HORIZONS + h] = last + GROWTH[s][h];
    }
    f->task = (att_learning){HORIZONS, HORIZON, f->came, NULL, steps, 0.2};
}

/* Rows of the series from `first` up to `end`. */
static att_observations part(size_t first, size_t end)
{
    size_t row = first * LEVELS;
    return (att_observations){
        (end - first) * LEVELS, OF_SERIES + row, YEAR + row, ZERO, ZERO, VALUE + row, NULL, NULL};
}

/* Mean log predictive density of one series, from its posterior. */
static double series_score(const att_growth_prior *prior, size_t s, const double *came)
{
    double weight[POINTS], df[POINTS], location[POINTS * FARTHEST], scale[POINTS * FARTHEST * FARTHEST];
    double sum = 0, count = 0;
    att_observations own = part(s, s + 1);
    assert_int_equal(att_growth_posterior(prior, &own, FARTHEST, weight, df, location, scale), ATT_OK);
    for (size_t h = 0; h < HORIZONS; h++) {
        size_t year = (size_t)HORIZON[h] - 1;
        double density = 0;
        if (isnan(came[h])) continue;
        for (size_t g = 0; g < POINTS; g++) {
            double width = sqrt(scale[(g * FARTHEST + year) * FARTHEST + year]);
            double z = (came[h] - location[g * FARTHEST + year]) / width;
            density += weight[g] * exp(att_log_density(z, df[g])) / width;
        }
        sum += log(density);
        count++;
    }
    return sum / count;
}

/* Score under the weights `first` and 1 - first. */
static double score_of(const fixture *f, double first)
{
    double points[POINTS * ATT_PRIOR_COLUMNS], sum = 0, total = 0;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) points[i] = START[i];
    points[ATT_PRIOR_COLUMNS - 1] = first;
    points[2 * ATT_PRIOR_COLUMNS - 1] = 1 - first;
    const att_growth_prior prior = {POINTS, points, start.evidence_limit};
    for (size_t s = 0; s < SERIES; s++) {
        double importance = f->task.importance ? f->task.importance[s] : 1;
        if (importance == 0) continue;
        sum += importance * series_score(&prior, s, f->came + s * HORIZONS);
        total += importance;
    }
    return sum / total;
}

/* The best first weight: the score is smooth with one top between the ends. */
static double search(const fixture *f)
{
    double low = 0, high = 1;
    while (high - low > 1e-6) {
        double a = low + (high - low) / 3, b = high - (high - low) / 3;
        if (score_of(f, a) < score_of(f, b))
            low = a;
        else
            high = b;
    }
    return (low + high) / 2;
}

static void assert_near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%.17g is not %.17g within %g", got, expected, tolerance);
}

static void learn(const att_observations *rows, const att_learning *task, double weight[POINTS],
                  double *score)
{
    att_status status[SERIES];
    assert_int_equal(att_growth_learn(&start, rows, task, status, weight, score), ATT_OK);
    for (size_t s = 0; s < att_observations_series(rows); s++) assert_int_equal(status[s], ATT_OK);
    assert_near(weight[0] + weight[1], 1, 1e-12);
}

static void without_steps_the_start_is_scored(void **state)
{
    (void)state;
    fixture f;
    double weight[POINTS], score;
    make_task(&f, 0);
    learn(&table, &f.task, weight, &score);
    assert_near(weight[0], 0.25, 1e-15);
    assert_near(score, score_of(&f, 0.25), 1e-6); /* kept in single precision */
}

/* The first step of Adam is as long as the rate, in the direction of the slope. */
static void the_first_step_is_uphill(void **state)
{
    (void)state;
    fixture f;
    double weight[POINTS], score;
    make_task(&f, 1);
    f.task.rate = 0.01;
    learn(&table, &f.task, weight, &score);
    double side = score_of(&f, 0.251) > score_of(&f, 0.249) ? 1 : -1;
    assert_near(log(weight[0] / weight[1]), log(1.0 / 3) + 2 * side * f.task.rate, 1e-6);
}

static void weights_climb_to_the_best(void **state)
{
    (void)state;
    const double importance[SERIES] = {1, 2, 1, 0.5, 0.25, 1}, *given[] = {NULL, importance};
    for (size_t i = 0; i < 2; i++) {
        fixture f;
        double weight[POINTS], score;
        make_task(&f, 400);
        f.task.importance = given[i];
        double best = search(&f);
        assert_true(best > 0.4 && best < 0.7);
        learn(&table, &f.task, weight, &score);
        assert_near(weight[0], best, 1e-3);
        assert_near(score, score_of(&f, weight[0]), 1e-6);
    }
}

static void what_does_not_count_is_left_out(void **state)
{
    (void)state;
    fixture all, none, fewer;
    const double importance[SERIES] = {1, 1, 1, 1, 0, 0};
    double weight[3][POINTS], score[3];
    make_task(&all, 30);
    make_task(&none, 30);
    make_task(&fewer, 30);
    all.task.importance = importance;
    for (size_t i = 4 * HORIZONS; i < SERIES * HORIZONS; i++) none.came[i] = NAN;
    const att_observations first = part(0, 4);
    learn(&table, &all.task, weight[0], &score[0]);
    learn(&table, &none.task, weight[1], &score[1]);
    learn(&first, &fewer.task, weight[2], &score[2]);
    for (size_t i = 0; i < 2; i++) {
        assert_true(weight[i][0] == weight[2][0]);
        assert_true(score[i] == score[2]);
    }
}

static att_status outcome(const att_growth_prior *prior, const att_observations *rows,
                          const att_learning *task, att_status status[SERIES])
{
    double weight[POINTS], score;
    return att_growth_learn(prior, rows, task, status, weight, &score);
}

static void tasks_without_sense_are_refused(void **state)
{
    (void)state;
    const double nothing[SERIES] = {0}, negative[SERIES] = {1, -1}, not_finite[SERIES] = {1, INFINITY};
    const int32_t zero[HORIZONS] = {1, 0}, far[HORIZONS] = {1, ATT_MAX_HORIZON + 1};
    double none_came[SERIES * HORIZONS];
    for (size_t i = 0; i < SERIES * HORIZONS; i++) none_came[i] = NAN;
    fixture f;
    make_task(&f, 1);
    const struct {
        att_learning task;
        att_status expected;
    } cases[] = {
        {{0, HORIZON, f.came, NULL, 1, 0.2}, ATT_BAD_ARGUMENT},
        {{HORIZONS, zero, f.came, NULL, 1, 0.2}, ATT_BAD_ARGUMENT},
        {{HORIZONS, far, f.came, NULL, 1, 0.2}, ATT_TOO_FAR},
        {{HORIZONS, HORIZON, f.came, NULL, 1, 0}, ATT_BAD_ARGUMENT},
        {{HORIZONS, HORIZON, f.came, NULL, 1, NAN}, ATT_BAD_ARGUMENT},
        {{HORIZONS, HORIZON, f.came, nothing, 1, 0.2}, ATT_BAD_ARGUMENT},
        {{HORIZONS, HORIZON, f.came, negative, 1, 0.2}, ATT_BAD_ARGUMENT},
        {{HORIZONS, HORIZON, f.came, not_finite, 1, 0.2}, ATT_BAD_ARGUMENT},
        {{HORIZONS, HORIZON, none_came, NULL, 1, 0.2}, ATT_BAD_ARGUMENT},
    };
    att_status status[SERIES];
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        assert_int_equal(outcome(&start, &table, &cases[c].task, status), cases[c].expected);
    const att_observations no_rows = part(0, 0);
    assert_int_equal(outcome(&start, &no_rows, &f.task, status), ATT_BAD_ARGUMENT);
    assert_int_equal(outcome(&(att_growth_prior){POINTS, START, 0}, &table, &f.task, status), ATT_BAD_PRIOR);
}

static void series_that_cannot_be_used_are_named(void **state)
{
    (void)state;
    double error[ROWS] = {0}, value[ROWS];
    int64_t descending[ROWS];
    fixture f;
    att_status status[SERIES];
    for (size_t i = 0; i < ROWS; i++) {
        value[i] = VALUE[i];
        descending[i] = -OF_SERIES[i];
    }
    make_task(&f, 1);
    error[2 * LEVELS] = 0.01;
    value[3 * LEVELS] = -1;
    att_observations rows = table;
    rows.error = error;
    assert_int_equal(outcome(&start, &rows, &f.task, status), ATT_BAD_ERROR);
    assert_int_equal(status[1], ATT_OK);
    assert_int_equal(status[2], ATT_BAD_ERROR);
    rows.error = NULL;
    rows.value = value;
    assert_int_equal(outcome(&start, &rows, &f.task, status), ATT_NOT_POSITIVE);
    assert_int_equal(status[3], ATT_NOT_POSITIVE);
    rows = table;
    rows.series = descending;
    assert_int_equal(outcome(&start, &rows, &f.task, status), ATT_BAD_ORDER);
    f.came[4 * HORIZONS] = INFINITY;
    assert_int_equal(outcome(&start, &table, &f.task, status), ATT_NOT_FINITE);
    assert_int_equal(status[4], ATT_NOT_FINITE);
}

int main(void)
{
    att_initialize();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_steps_the_start_is_scored),
        cmocka_unit_test(the_first_step_is_uphill),
        cmocka_unit_test(weights_climb_to_the_best),
        cmocka_unit_test(what_does_not_count_is_left_out),
        cmocka_unit_test(tasks_without_sense_are_refused),
        cmocka_unit_test(series_that_cannot_be_used_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
