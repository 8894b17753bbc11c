/* Margins of mixtures: tails, intervals and quantiles against mpmath, known values, refusals, and the
 * batch path; mixtures of which years are fixed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "attain/mixture.h"
#include "margin_table.h"
#include "oracle_distribution.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PROMISE 1e-12
#define MOST 40

typedef struct {
    double weight[MOST], df[MOST], location[MOST], scale[MOST];
    unsigned char table_of[MOST];
} columns;

static att_margin margin_of(const columns *c, size_t components)
{
    return (att_margin){components, c->weight, c->df, c->location, c->scale};
}

static columns oracle_columns(void)
{
    columns c;
    for (size_t k = 0; k < COUNT(ORACLE_MIXTURE); k++) {
        c.weight[k] = ORACLE_MIXTURE[k].weight;
        c.df[k] = ORACLE_MIXTURE[k].df;
        c.location[k] = ORACLE_MIXTURE[k].location;
        c.scale[k] = ORACLE_MIXTURE[k].scale;
    }
    return c;
}

static void assert_close(double value, double exact, double relative)
{
    if (value == exact || fabs(value - exact) <= relative * fabs(exact)) return;
    fail_msg("%.17g is not %.17g to %g", value, exact, relative);
}

static double log_tail(const att_margin *margin, double x, att_side side)
{
    double result = NAN;
    assert_int_equal(att_margin_log_tail(margin, x, side, &result), ATT_OK);
    return result;
}

static double log_interval(const att_margin *margin, double lower, double upper)
{
    double result = NAN;
    assert_int_equal(att_margin_log_interval(margin, lower, upper, &result), ATT_OK);
    return result;
}

static double quantile(const att_margin *margin, double p)
{
    double result = NAN;
    assert_int_equal(att_margin_quantile(margin, p, &result), ATT_OK);
    return result;
}

static void tails_match_the_oracle(void **state)
{
    (void)state;
    columns c = oracle_columns();
    att_margin margin = margin_of(&c, COUNT(ORACLE_MIXTURE));
    for (size_t i = 0; i < COUNT(ORACLE_MIXTURE_TAIL); i++) {
        double x = ORACLE_MIXTURE_TAIL[i].x;
        assert_close(log_tail(&margin, x, ATT_LOWER), ORACLE_MIXTURE_TAIL[i].log_lower, PROMISE);
        assert_close(log_tail(&margin, x, ATT_UPPER), ORACLE_MIXTURE_TAIL[i].log_upper, PROMISE);
    }
}

static void intervals_match_the_oracle(void **state)
{
    (void)state;
    columns c = oracle_columns();
    att_margin margin = margin_of(&c, COUNT(ORACLE_MIXTURE));
    for (size_t i = 0; i < COUNT(ORACLE_MIXTURE_INTERVAL); i++) {
        double exact = ORACLE_MIXTURE_INTERVAL[i].log_probability;
        double value =
            log_interval(&margin, ORACLE_MIXTURE_INTERVAL[i].lower, ORACLE_MIXTURE_INTERVAL[i].upper);
        assert_true(fabs(value - exact) <= PROMISE * fmax(1, fabs(exact)));
    }
}

static void ends_of_an_interval_may_be_infinite_or_equal(void **state)
{
    (void)state;
    columns c = oracle_columns();
    att_margin margin = margin_of(&c, COUNT(ORACLE_MIXTURE));
    assert_close(log_interval(&margin, -INFINITY, 1.5), log_tail(&margin, 1.5, ATT_LOWER), PROMISE);
    assert_close(log_interval(&margin, -3, INFINITY), log_tail(&margin, -3, ATT_UPPER), PROMISE);
    assert_true(log_interval(&margin, -INFINITY, INFINITY) == 0);
    assert_true(log_interval(&margin, 0.5, 0.5) == -INFINITY);
    assert_close(log_interval(&margin, 0.75, 0.75), log(0.0625), PROMISE);
    assert_true(log_tail(&margin, INFINITY, ATT_LOWER) == 0);
    assert_true(log_tail(&margin, INFINITY, ATT_UPPER) == -INFINITY);
}

/* Narrow intervals far out: the density times the width, where a difference of tails would keep few
 * digits. */
static void narrow_intervals_are_the_density(void **state)
{
    (void)state;
    static const double places[] = {0, -3, 20, 1e5}, dfs[] = {0.1, 3, 1e6, INFINITY};
    for (size_t i = 0; i < COUNT(places); i++) {
        for (size_t j = 0; j < COUNT(dfs); j++) {
            double weight = 1, location = 0, scale = 1, x = places[i], width = ldexp(1, -34);
            att_margin margin = {1, &weight, &dfs[j], &location, &scale};
            double exact = log(width) + att_log_density(x + width / 2, dfs[j]);
            assert_close(log_interval(&margin, x, x + width), exact, PROMISE);
        }
    }
}

static void quantiles_return_to_their_tail(void **state)
{
    (void)state;
    static const double ps[] = {1e-300, 1e-20, 1e-6, 0.01, 0.3, 0.5, 0.6, 0.8, 0.99, 1 - 1e-12};
    columns c = oracle_columns();
    att_margin margin = margin_of(&c, COUNT(ORACLE_MIXTURE));
    for (size_t i = 0; i < COUNT(ps); i++) {
        att_side side = ps[i] <= 0.5 ? ATT_LOWER : ATT_UPPER;
        double log_p = side == ATT_LOWER ? log(ps[i]) : log1p(-ps[i]);
        assert_close(log_tail(&margin, quantile(&margin, ps[i]), side), log_p, 1e-11);
    }
}

static void the_quantile_falls_on_a_known_value(void **state)
{
    (void)state;
    columns c = oracle_columns();
    att_margin margin = margin_of(&c, COUNT(ORACLE_MIXTURE));
    double below = 1 - exp(log_tail(&margin, 0.75, ATT_UPPER)),
           with = exp(log_tail(&margin, 0.75, ATT_LOWER));
    assert_true(quantile(&margin, below + 1e-6) == 0.75);
    assert_true(quantile(&margin, with - 1e-6) == 0.75);
    assert_true(quantile(&margin, below - 1e-6) < 0.75);
    assert_true(quantile(&margin, with + 1e-6) > 0.75);
}

static void margins_of_known_values_are_steps(void **state)
{
    (void)state;
    columns c = {{0.25, 0.5, 0.25}, {3, 3, 3}, {2, -1, 2}, {0, 0, 0}, {0}};
    att_margin margin = margin_of(&c, 3);
    assert_true(quantile(&margin, 1e-300) == -1 && quantile(&margin, 0.5) == -1);
    assert_true(quantile(&margin, 0.5000001) == 2 && quantile(&margin, 1 - 1e-16) == 2);
    assert_true(log_tail(&margin, -1.1, ATT_LOWER) == -INFINITY);
    assert_true(log_tail(&margin, 2.1, ATT_LOWER) == 0);
    assert_close(log_tail(&margin, 2, ATT_UPPER), log(0.5), 1e-15);
    assert_true(log_interval(&margin, 0, 1) == -INFINITY);
}

/* Two components far apart: the gap between them is almost flat, and p falls into it. */
static void the_quantile_crosses_a_gap(void **state)
{
    (void)state;
    columns c = {{0.5, 0.5}, {INFINITY, INFINITY}, {-1e6, 1e6}, {1, 1e-3}, {0}};
    att_margin margin = margin_of(&c, 2);
    assert_close(quantile(&margin, 0.25), -1e6, 1e-14);
    assert_close(quantile(&margin, 0.75), 1e6, 1e-14);
    double x = quantile(&margin, 0.5);
    assert_true(x > -1e6 && x < 1e6);
}

/* A weight that underflowed counts for nothing, wherever its component lies, its value known or not. */
static void a_weight_of_zero_counts_for_nothing(void **state)
{
    (void)state;
    columns with = {{0.5, 0, 0.5, 0}, {3, 2, 5, 4}, {1, 1.5, 2, -900}, {1, 0, 2, 3}, {0}},
            without = {{0.5, 0.5}, {3, 5}, {1, 2}, {1, 2}, {0}};
    att_margin margin = margin_of(&with, 4), same = margin_of(&without, 2);
    for (double x = -1000; x <= 1000; x += 125) {
        assert_true(log_tail(&margin, x, ATT_LOWER) == log_tail(&same, x, ATT_LOWER));
        assert_true(log_tail(&margin, x, ATT_UPPER) == log_tail(&same, x, ATT_UPPER));
        assert_true(log_interval(&margin, x, x + 3) == log_interval(&same, x, x + 3));
    }
    assert_true(log_interval(&margin, 1.5, 1.5) == -INFINITY);
    for (double p = 0.05; p < 1; p += 0.1) assert_close(quantile(&margin, p), quantile(&same, p), 1e-13);
}

static void bad_margins_are_refused(void **state)
{
    (void)state;
    double good = 1, x;
    static const struct {
        double weight, df, location, scale;
        att_status status;
    } cases[] = {
        {1, 3, 0, 1, ATT_OK},           {1 + 1e-8, 3, 0, 1, ATT_BAD_ARGUMENT},
        {0, 3, 0, 1, ATT_BAD_ARGUMENT}, {-1e-300, 3, 0, 1, ATT_BAD_ARGUMENT},
        {NAN, 3, 0, 1, ATT_NOT_FINITE}, {1, 0.05, 0, 1, ATT_BAD_ARGUMENT},
        {1, NAN, 0, 1, ATT_NOT_FINITE}, {1, 3, INFINITY, 1, ATT_NOT_FINITE},
        {1, 3, 0, NAN, ATT_NOT_FINITE}, {1, 3, 0, -1, ATT_BAD_ARGUMENT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        att_margin margin = {1, &cases[i].weight, &cases[i].df, &cases[i].location, &cases[i].scale};
        assert_int_equal(att_margin_log_tail(&margin, 0, ATT_LOWER, &x), cases[i].status);
        assert_int_equal(att_margin_log_interval(&margin, 0, 1, &x), cases[i].status);
        assert_int_equal(att_margin_quantile(&margin, 0.5, &x), cases[i].status);
    }
    att_margin empty = {0, &good, &good, &good, &good}, missing = {1, NULL, &good, &good, &good};
    assert_int_equal(att_margin_quantile(&empty, 0.5, &x), ATT_BAD_ARGUMENT);
    assert_int_equal(att_margin_quantile(&missing, 0.5, &x), ATT_BAD_ARGUMENT);
    assert_int_equal(att_margin_quantile(NULL, 0.5, &x), ATT_BAD_ARGUMENT);
}

static void bad_questions_are_refused(void **state)
{
    (void)state;
    columns c = oracle_columns();
    att_margin margin = margin_of(&c, COUNT(ORACLE_MIXTURE));
    double x;
    assert_int_equal(att_margin_log_tail(&margin, NAN, ATT_LOWER, &x), ATT_NOT_FINITE);
    assert_int_equal(att_margin_log_tail(&margin, 0, ATT_LOWER, NULL), ATT_BAD_ARGUMENT);
    assert_int_equal(att_margin_log_interval(&margin, 1, 0, &x), ATT_BAD_ARGUMENT);
    assert_int_equal(att_margin_log_interval(&margin, NAN, 0, &x), ATT_NOT_FINITE);
    assert_int_equal(att_margin_quantile(&margin, 0, &x), ATT_BAD_ARGUMENT);
    assert_int_equal(att_margin_quantile(&margin, 1, &x), ATT_BAD_ARGUMENT);
    assert_int_equal(att_margin_quantile(&margin, NAN, &x), ATT_NOT_FINITE);
}

static void a_row_makes_a_margin(void **state)
{
    (void)state;
    static const double weight[] = {0.5, 0.5}, df[] = {3, INFINITY}, location[] = {1, 2, 3, 4};
    static const double matrix[] = {4, 1, 1, 9, 1, 1, 1, 1 + 1e-15};
    static const double row[] = {-1, 1}, first[] = {1, 0};
    att_mixture mixture = {2, 2, weight, df, location, matrix};
    double centre[2], scale[2];
    assert_int_equal(att_mixture_margin(&mixture, row, centre, scale), ATT_OK);
    assert_true(centre[0] == 1 && centre[1] == 1);
    assert_close(scale[0], sqrt(11), 1e-15);
    assert_true(scale[1] == 0);
    assert_int_equal(att_mixture_margin(&mixture, first, centre, scale), ATT_OK);
    assert_true(centre[1] == 3 && scale[0] == 2 && scale[1] == 1);
}

static void bad_mixtures_are_refused(void **state)
{
    (void)state;
    static const double one = 1, two[] = {1, 1}, indefinite[] = {1, 2, 2, 1}, row[] = {-1, 1},
                        nan_row[] = {NAN, 1};
    double centre, scale;
    att_mixture mixture = {1, 2, &one, &one, two, indefinite};
    assert_int_equal(att_mixture_margin(&mixture, row, &centre, &scale), ATT_BAD_ARGUMENT);
    assert_int_equal(att_mixture_margin(&mixture, nan_row, &centre, &scale), ATT_NOT_FINITE);
    assert_int_equal(att_mixture_margin(&mixture, NULL, &centre, &scale), ATT_BAD_ARGUMENT);
    mixture.horizon = 0;
    assert_int_equal(att_mixture_margin(&mixture, row, &centre, &scale), ATT_BAD_ARGUMENT);
}

static const double TABLE_DFS[] = {1.5, 3, 11, INFINITY};
static t_table tables[COUNT(TABLE_DFS)];

static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(*seed >> 11) * 0x1p-53;
}

/* Weights and scales over `spread` powers of ten, and locations to match. */
static columns random_columns(uint64_t *seed, size_t components, double spread)
{
    columns c;
    double total = 0;
    for (size_t k = 0; k < components; k++) {
        c.table_of[k] = (unsigned char)(uniform(seed) * COUNT(TABLE_DFS));
        c.df[k] = TABLE_DFS[c.table_of[k]];
        c.scale[k] = 0.1 * pow(10, spread * (uniform(seed) - 0.5));
        c.location[k] = 0.3 * (uniform(seed) - 0.5);
        c.weight[k] = pow(10, -spread * uniform(seed));
        total += c.weight[k];
    }
    for (size_t k = 0; k < components; k++) c.weight[k] /= total;
    return c;
}

static void assert_batch_agrees(const columns *c, size_t components, const quantile_level *levels,
                                size_t count)
{
    att_margin margin = margin_of(c, components);
    table_component scratch[MOST];
    double x[16];
    assert_int_equal(margin_table_quantiles(&margin, tables, c->table_of, levels, count, scratch, x), ATT_OK);
    for (size_t i = 0; i < count; i++) {
        double reached = exp(log_tail(&margin, x[i], levels[i].side));
        assert_true(fabs(reached - exp(levels[i].log_p)) <= 1e-11);
    }
}

static void build_tables(void)
{
    for (size_t i = 0; i < COUNT(TABLE_DFS); i++)
        assert_int_equal(t_table_build(TABLE_DFS[i], &tables[i]), ATT_OK);
}

static void the_batch_agrees_with_the_exact_tail(void **state)
{
    (void)state;
    static const double ps[] = {1e-6, 1e-3, 0.05, 0.1, 0.25, 0.5, 0.5, 0.75, 0.9, 0.95, 0.999, 1 - 1e-6};
    quantile_level levels[COUNT(ps)];
    build_tables();
    assert_int_equal(quantile_levels_prepare(ps, COUNT(ps), levels), ATT_OK);
    uint64_t seed = 5;
    for (int i = 0; i < 3000; i++) {
        columns c = random_columns(&seed, 1 + (size_t)(i % MOST), i % 7);
        assert_batch_agrees(&c, 1 + (size_t)(i % MOST), levels, COUNT(ps));
        assert_batch_agrees(&c, 1 + (size_t)(i % MOST), levels + 10, 2);
    }
}

static void the_batch_skips_weights_of_zero(void **state)
{
    (void)state;
    static const double ps[] = {0.05, 0.5, 0.95};
    quantile_level levels[COUNT(ps)];
    build_tables();
    assert_int_equal(quantile_levels_prepare(ps, COUNT(ps), levels), ATT_OK);
    uint64_t seed = 7;
    columns c = random_columns(&seed, 6, 1);
    double rest = 1 - c.weight[0] - c.weight[3];
    c.weight[0] = c.weight[3] = c.scale[3] = 0;
    for (size_t k = 0; k < 6; k++) c.weight[k] /= rest;
    assert_batch_agrees(&c, 6, levels, COUNT(ps));
}

static void the_batch_leaves_hard_levels_to_the_exact_quantile(void **state)
{
    (void)state;
    static const double ps[] = {1e-9, 0.5, 1 - 1e-9};
    quantile_level levels[COUNT(ps)];
    build_tables();
    assert_int_equal(quantile_levels_prepare(ps, COUNT(ps), levels), ATT_OK);
    uint64_t seed = 6;
    columns c = random_columns(&seed, 5, 1);
    att_margin margin = margin_of(&c, 5);
    table_component scratch[MOST];
    double x[COUNT(ps)];
    assert_int_equal(margin_table_quantiles(&margin, tables, c.table_of, levels, 3, scratch, x), ATT_OK);
    assert_true(x[0] == quantile(&margin, ps[0]) && x[2] == quantile(&margin, ps[2]));
    c.scale[2] = 0;
    assert_int_equal(margin_table_quantiles(&margin, tables, c.table_of, levels, 3, scratch, x), ATT_OK);
    assert_true(x[1] == quantile(&margin, ps[1]));
}

static void the_batch_refuses_bad_input(void **state)
{
    (void)state;
    static const double descending[] = {0.5, 0.4}, outside[] = {0.5, 1}, good[] = {0.1, 0.5};
    quantile_level levels[2];
    assert_int_equal(quantile_levels_prepare(descending, 2, levels), ATT_BAD_ARGUMENT);
    assert_int_equal(quantile_levels_prepare(outside, 2, levels), ATT_BAD_ARGUMENT);
    assert_int_equal(quantile_levels_prepare(good, 2, levels), ATT_OK);
    build_tables();
    uint64_t seed = 6;
    columns c = random_columns(&seed, 5, 1);
    c.location[3] = NAN;
    att_margin margin = margin_of(&c, 5);
    table_component scratch[MOST];
    double x[2];
    assert_int_equal(margin_table_quantiles(&margin, tables, c.table_of, levels, 2, scratch, x),
                     ATT_NOT_FINITE);
}

static void assert_near(double value, double exact, double error)
{
    if (!(fabs(value - exact) <= error)) fail_msg("%.17g is not %.17g to %g", value, exact, error);
}

#define WALK_YEARS 4

/* Random walks with known drift: two components of different drift and speed. */
typedef struct {
    double weight[2], df[2], location[2][WALK_YEARS], scale[2][WALK_YEARS][WALK_YEARS], scratch[WALK_YEARS];
} walks;

static walks two_walks(double df)
{
    walks w = {.weight = {0.3, 0.7}, .df = {df, df}};
    static const double drift[2] = {0.05, 0.12}, variance[2] = {0.01, 0.04};
    for (size_t k = 0; k < 2; k++) {
        for (size_t h = 0; h < WALK_YEARS; h++) {
            w.location[k][h] = drift[k] * (double)(h + 1);
            for (size_t j = 0; j < WALK_YEARS; j++)
                w.scale[k][h][j] = variance[k] * (double)((h < j ? h : j) + 1);
        }
    }
    return w;
}

static att_status conditioned(const walks *in, size_t conditions, const double *row, const double *value,
                              walks *out)
{
    att_mixture mixture = {2, WALK_YEARS, in->weight, in->df, in->location[0], in->scale[0][0]};
    return att_mixture_condition(&mixture, conditions, row, value, out->weight, out->df, out->location[0],
                                 out->scale[0][0], out->scratch);
}

/* A walk that is at x in its second year starts from there; its first year is a bridge. */
static void a_walk_goes_on_from_where_it_is_fixed(void **state)
{
    (void)state;
    static const double row[WALK_YEARS] = {0, 1, 0, 0}, x = 0.31;
    walks in = two_walks(INFINITY), out;
    assert_int_equal(conditioned(&in, 1, row, &x, &out), ATT_OK);
    double density[2], total = 0;
    for (size_t k = 0; k < 2; k++) {
        double drift = in.location[k][0], variance = in.scale[k][0][0], sd = sqrt(2 * variance);
        assert_near(out.location[k][0], x / 2, 1e-15);
        assert_near(out.location[k][3], x + 2 * drift, 1e-15);
        assert_true(out.location[k][1] == x && out.scale[k][1][1] == 0 && out.scale[k][1][3] == 0);
        assert_near(out.scale[k][0][0], variance / 2, 1e-16);
        assert_near(out.scale[k][2][3], variance, 1e-16);
        assert_near(out.scale[k][0][3], 0, 1e-16);
        total += density[k] = in.weight[k] * exp(att_log_density((x - 2 * drift) / sd, INFINITY)) / sd;
    }
    for (size_t k = 0; k < 2; k++) assert_near(out.weight[k], density[k] / total, 1e-15);
}

/* Two years at once are the one after the other; the t gains a degree of freedom and a new scale by each. */
static void conditions_may_come_one_by_one(void **state)
{
    (void)state;
    static const double row[2][WALK_YEARS] = {{1, 0, 0, 0}, {0, 0, -1, 1}}, value[2] = {0.2, -0.4};
    walks in = two_walks(5), both, first, second;
    assert_int_equal(conditioned(&in, 2, row[0], value, &both), ATT_OK);
    assert_int_equal(conditioned(&in, 1, row[0], value, &first), ATT_OK);
    assert_int_equal(conditioned(&first, 1, row[1], value + 1, &second), ATT_OK);
    for (size_t k = 0; k < 2; k++) {
        double error = 0.2 - in.location[k][0], square = error * error / in.scale[k][0][0];
        assert_true(first.df[k] == 6 && both.df[k] == 7);
        assert_near(first.scale[k][1][1], (5 + square) / 6 * in.scale[k][0][0], 1e-15);
        assert_near(both.weight[k], second.weight[k], 1e-15);
        for (size_t h = 0; h < WALK_YEARS; h++) {
            assert_near(both.location[k][h], second.location[k][h], 1e-15);
            for (size_t j = 0; j < WALK_YEARS; j++)
                assert_near(both.scale[k][h][j], second.scale[k][h][j], 1e-15);
        }
    }
}

/* The t as a mean over normals of random scale: P(X_4 <= c | X_2 = x) by Bayes' rule and Simpson's. */
static void a_conditioned_t_is_a_mean_over_scales(void **state)
{
    (void)state;
    static const double row[WALK_YEARS] = {0, 1, 0, 0}, last[WALK_YEARS] = {0, 0, 0, 1}, x = 0.9;
    walks in = two_walks(4), out;
    assert_int_equal(conditioned(&in, 1, row, &x, &out), ATT_OK);
    double location[2], scale[2], above = 0, total = 0;
    for (size_t k = 0; k < 2; k++) {
        for (int i = 0; i <= 4000; i++) {
            double s = -6 + 9 * (double)i / 4000, r = exp(s),
                   weight = i == 0 || i == 4000 ? 1
                            : i % 2             ? 4
                                                : 2;
            double sd = sqrt(2 * in.scale[k][0][0]) / r, z = (x - 2 * in.location[k][0]) / sd;
            double height =
                weight * in.weight[k] * exp(4 * s - 2 * r * r + att_log_density(z, INFINITY)) / sd;
            double far = (1.2 - x - 2 * in.location[k][0]) / sd;
            total += height;
            above += height * exp(att_log_tail(far, INFINITY, ATT_UPPER));
        }
    }
    att_mixture mixture = {2, WALK_YEARS, out.weight, out.df, out.location[0], out.scale[0][0]};
    assert_int_equal(att_mixture_margin(&mixture, last, location, scale), ATT_OK);
    att_margin margin = {2, out.weight, out.df, location, scale};
    assert_near(exp(log_tail(&margin, 1.2, ATT_UPPER)), above / total, 1e-9);
}

static void conditions_that_say_nothing_new_are_refused(void **state)
{
    (void)state;
    static const double twice[2][WALK_YEARS] = {{0, 1, 0, 0}, {0, 2, 0, 0}}, nothing[WALK_YEARS] = {0};
    static const double value[2] = {0.1, 0.3}, far = 1e200;
    walks in = two_walks(INFINITY), out;
    assert_int_equal(conditioned(&in, 2, twice[0], value, &out), ATT_DEGENERATE);
    assert_int_equal(conditioned(&in, 1, nothing, value, &out), ATT_DEGENERATE);
    assert_int_equal(conditioned(&in, 1, twice[0], &far, &out), ATT_NO_PRECISION);
    double nan_value = NAN;
    assert_int_equal(conditioned(&in, 1, twice[0], &nan_value, &out), ATT_NOT_FINITE);
    in.weight[0] = 0.9;
    assert_int_equal(conditioned(&in, 1, twice[0], value, &out), ATT_BAD_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_match_the_oracle),
        cmocka_unit_test(intervals_match_the_oracle),
        cmocka_unit_test(ends_of_an_interval_may_be_infinite_or_equal),
        cmocka_unit_test(narrow_intervals_are_the_density),
        cmocka_unit_test(quantiles_return_to_their_tail),
        cmocka_unit_test(the_quantile_falls_on_a_known_value),
        cmocka_unit_test(margins_of_known_values_are_steps),
        cmocka_unit_test(the_quantile_crosses_a_gap),
        cmocka_unit_test(a_weight_of_zero_counts_for_nothing),
        cmocka_unit_test(bad_margins_are_refused),
        cmocka_unit_test(bad_questions_are_refused),
        cmocka_unit_test(a_row_makes_a_margin),
        cmocka_unit_test(bad_mixtures_are_refused),
        cmocka_unit_test(a_walk_goes_on_from_where_it_is_fixed),
        cmocka_unit_test(conditions_may_come_one_by_one),
        cmocka_unit_test(a_conditioned_t_is_a_mean_over_scales),
        cmocka_unit_test(conditions_that_say_nothing_new_are_refused),
        cmocka_unit_test(the_batch_agrees_with_the_exact_tail),
        cmocka_unit_test(the_batch_skips_weights_of_zero),
        cmocka_unit_test(the_batch_leaves_hard_levels_to_the_exact_quantile),
        cmocka_unit_test(the_batch_refuses_bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
