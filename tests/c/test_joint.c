/* Joint probabilities where they are known: rectangles of the normal and the t, margins, products; subsets; tails that
 * more nodes leave as they are; degenerate input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "attain/joint.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MOST 12
#define YEARS 3
#define MOST_COMPONENTS 20
#define SOME 5

static const att_rectangle_accuracy ORDINARY = {0, 1e-4, 1572864}, FINE = {0, 1e-14, 1572864};

/* Indicators over three years, bounds on their last year unless a test says otherwise. */
typedef struct {
    size_t indicators, factors, components;
    double weight[MOST][MOST_COMPONENTS], df[MOST][MOST_COMPONENTS];
    double location[MOST][MOST_COMPONENTS][YEARS], scale[MOST][MOST_COMPONENTS][YEARS][YEARS];
    double loading[MOST][2];
    size_t bounds[MOST];
    double row[MOST][3][YEARS], lower[MOST][3], upper[MOST][3];
} problem;

static uint64_t state = 1;

static double uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) * 0x1p-53;
}

/* Random walks of different drifts and speeds. */
static problem walks(size_t indicators, size_t components, double df)
{
    problem p = {.indicators = indicators, .factors = 1, .components = components};
    for (size_t i = 0; i < indicators; i++) {
        for (size_t k = 0; k < components; k++) {
            double drift = 0.2 * uniform() - 0.1, variance = 0.5 + uniform();
            p.weight[i][k] = 1.0 / (double)components;
            p.df[i][k] = df;
            for (size_t a = 0; a < YEARS; a++) {
                p.location[i][k][a] = drift * (double)(a + 1);
                for (size_t b = 0; b < YEARS; b++)
                    p.scale[i][k][a][b] = variance * (1.0 + (double)(a < b ? a : b));
            }
        }
        p.loading[i][0] = 0.3 + 0.4 * uniform();
        p.bounds[i] = 1;
        p.row[i][0][YEARS - 1] = 1;
        p.lower[i][0] = uniform() - 0.5;
        p.upper[i][0] = INFINITY;
    }
    return p;
}

static void indicators_of(const problem *p, att_joint_indicator *indicator)
{
    for (size_t i = 0; i < p->indicators; i++)
        indicator[i] = (att_joint_indicator){
            {p->components, YEARS, p->weight[i], p->df[i], p->location[i][0], p->scale[i][0][0]},
            2026,
            p->loading[i],
            p->bounds[i],
            p->row[i][0],
            p->lower[i],
            p->upper[i]};
}

static att_status solve(const problem *p, att_rectangle_accuracy accuracy, int subsets,
                        att_joint_result *result)
{
    att_joint_indicator indicator[MOST];
    indicators_of(p, indicator);
    att_joint joint = {p->indicators, p->factors, indicator};
    return subsets ? att_joint_subsets(&joint, &accuracy, result)
                   : att_joint_log_probability(&joint, &accuracy, result);
}

static att_joint_result solved(const problem *p, att_rectangle_accuracy accuracy)
{
    att_joint_result result;
    assert_int_equal(solve(p, accuracy, 0, &result), ATT_OK);
    assert_false(isnan(result.log_probability) || isnan(result.log_error));
    return result;
}

/* What two bounds on walks of one component correlate. */
static double covariance(const problem *p, size_t i, size_t b, size_t j, size_t c)
{
    double common = i == j ? 1 : p->loading[i][0] * p->loading[j][0] + p->loading[i][1] * p->loading[j][1],
           sum = 0;
    for (size_t x = 0; x < YEARS; x++)
        for (size_t y = 0; y < YEARS; y++)
            sum += p->row[i][b][x] * p->row[j][c][y] * sqrt(p->scale[i][0][x][y] * p->scale[j][0][x][y]);
    return common * sum;
}

/* The same as a rectangle: exact for normal walks of one component, whose scale matrices are proportional. */
static att_rectangle_result as_rectangle(const problem *p, double df, double relative_error)
{
    double lower[3 * MOST], upper[3 * MOST], mean[3 * MOST], matrix[9 * MOST * MOST];
    size_t of[3 * MOST], bound[3 * MOST], n = 0;
    for (size_t i = 0; i < p->indicators; i++)
        for (size_t b = 0; b < p->bounds[i]; b++, n++) {
            of[n] = i;
            bound[n] = b;
            lower[n] = p->lower[i][b];
            upper[n] = p->upper[i][b];
            mean[n] = 0;
            for (size_t y = 0; y < YEARS; y++) mean[n] += p->row[i][b][y] * p->location[i][0][y];
        }
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) matrix[a * n + b] = covariance(p, of[a], bound[a], of[b], bound[b]);
    att_rectangle rectangle = {n, lower, upper, mean, matrix, df};
    att_rectangle_accuracy accuracy = {0, relative_error, 1572864};
    att_rectangle_result result;
    assert_int_equal(att_rectangle_log_probability(&rectangle, &accuracy, &result), ATT_OK);
    return result;
}

static void assert_within(double value, double expected, double error)
{
    if (!(fabs(value - expected) <= error))
        fail_msg("%.12g is not %.12g within %.2g", value, expected, error);
}

/* A far upper bound changes nothing but the way: components one by one instead of gathered in bins. */
static void components_may_be_gathered(void **unused)
{
    (void)unused;
    static const double DF[] = {1.4, 5.4, 30, INFINITY, 1e6, 1e12}, PUSH[] = {-3, 0, 1.5, 5};
    for (size_t d = 0; d < COUNT(DF); d++) {
        for (size_t c = 0; c < COUNT(PUSH); c++) {
            problem gathered = walks(4, c % 2 ? MOST_COMPONENTS : SOME, DF[d]), single;
            if (d == 3) gathered.df[2][0] = 7; /* normal and t components in one indicator */
            for (size_t i = 0; i < 4; i++) {
                gathered.lower[i][0] += PUSH[c];
                gathered.loading[i][0] *= i == 1 ? -1 : 1;
            }
            single = gathered;
            for (size_t i = 0; i < 4; i++) single.upper[i][0] = 1e40;
            double log_p = solved(&gathered, ORDINARY).log_probability;
            assert_within(solved(&single, FINE).log_probability, log_p, 1e-12 * fmax(1, -log_p));
        }
    }
}

/* Loadings near the most that there may be, where the integrand is narrow, and places far out at few degrees of freedom. */
static void errors_cover_what_they_say(void **unused)
{
    (void)unused;
    for (int round = 0; round < 400; round++) {
        problem p = walks(2 + (size_t)round % 3, 1 + (size_t)round % 2, round % 4 ? INFINITY : 1.5);
        for (size_t i = 0; i < p.indicators; i++) {
            for (size_t k = 0; k < p.components; k++) {
                double spread = pow(10, 4 * uniform() - 3);
                for (size_t c = 0; c < YEARS * YEARS; c++) p.scale[i][k][c / YEARS][c % YEARS] *= spread;
            }
            p.loading[i][0] = (uniform() < 0.5 ? -1 : 1) * (0.94 + 0.03 * uniform());
            p.lower[i][0] = (4 * uniform() - 2) * (round % 5 ? 1 : 4);
        }
        att_joint_result usual = solved(&p, ORDINARY), fine = solved(&p, FINE);
        assert_within(usual.log_probability, fine.log_probability, usual.log_error + fine.log_error);
    }
}

/* One degree of freedom far out, all its chance in a narrow range of scales, and loadings near the most. */
static void narrow_ranges_of_scales_are_seen(void **unused)
{
    (void)unused;
    problem p = walks(2, 2, INFINITY);
    double location[2][2] = {{683.81, -18919}, {-5.21, -5.21}},
           spread[2][2] = {{0.14273, 6.41}, {0.924, 0.924}};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 2; k++) {
            p.location[i][k][YEARS - 1] = location[i][k];
            for (size_t c = 0; c < YEARS * YEARS; c++)
                p.scale[i][k][c / YEARS][c % YEARS] = spread[i][k] * spread[i][k];
        }
        p.lower[i][0] = 0;
    }
    p.df[0][0] = 1;
    p.weight[0][0] = 0.4;
    p.weight[0][1] = 0.6;
    p.loading[0][0] = -0.97;
    p.loading[1][0] = 0.96;
    att_joint_result usual = solved(&p, ORDINARY), fine = solved(&p, FINE);
    assert_within(usual.log_probability, fine.log_probability, usual.log_error + fine.log_error);
    assert_within(usual.log_probability, -19.491549286759, 1e-10);
}

static void normals_in_one_year_are_a_rectangle(void **unused)
{
    (void)unused;
    for (size_t n = 1; n <= MOST; n++) {
        for (double push = -1; push < 6; push += 1.5) {
            problem p = walks(n, 1, INFINITY);
            for (size_t i = 0; i < n; i++) p.lower[i][0] += push;
            if (n > 2) p.upper[1][0] = p.lower[1][0] + 2;
            if (n > 3) p.loading[2][0] = -p.loading[2][0];
            assert_within(solved(&p, ORDINARY).log_probability,
                          as_rectangle(&p, INFINITY, 1e-4).log_probability, 1e-8);
        }
    }
}

/* Level of the last year, level of the first, growth between them. */
static void bound_years(problem *p, size_t i)
{
    p->bounds[i] = 3;
    memset(p->row[i], 0, sizeof p->row[i]);
    p->row[i][0][2] = p->row[i][1][0] = p->row[i][2][2] = 1;
    p->row[i][2][0] = -1;
    p->lower[i][0] = -0.5;
    p->lower[i][1] = -0.8;
    p->lower[i][2] = -1;
    p->upper[i][0] = p->upper[i][1] = p->upper[i][2] = INFINITY;
}

static void normals_in_several_years_are_a_rectangle(void **unused)
{
    (void)unused;
    for (size_t n = 2; n <= 6; n++) {
        problem p = walks(n, 1, INFINITY);
        for (size_t i = 0; i < n; i += 2) bound_years(&p, i);
        att_joint_result found = solved(&p, ORDINARY);
        att_rectangle_result known = as_rectangle(&p, INFINITY, 1e-5);
        assert_within(found.log_probability, known.log_probability,
                      4 * (found.log_error + known.log_standard_error));
        assert_true(found.log_error < 1e-3);
    }
}

static void two_factors_are_a_rectangle(void **unused)
{
    (void)unused;
    problem p = walks(5, 1, INFINITY);
    p.factors = 2;
    for (size_t i = 0; i < 5; i++) p.loading[i][1] = i % 2 ? 0.5 : -0.3;
    att_joint_result found = solved(&p, ORDINARY);
    att_rectangle_result known = as_rectangle(&p, INFINITY, 1e-5);
    assert_within(found.log_probability, known.log_probability,
                  4 * (found.log_error + known.log_standard_error));
}

static void one_indicator_is_a_multivariate_t(void **unused)
{
    (void)unused;
    const double df[] = {1, 3, 8, 40};
    for (size_t d = 0; d < COUNT(df); d++) {
        problem p = walks(1, 1, df[d]);
        bound_years(&p, 0);
        p.upper[0][1] = 0.9;
        att_joint_result found = solved(&p, ORDINARY);
        att_rectangle_result known = as_rectangle(&p, df[d], 1e-5);
        assert_within(found.log_probability, known.log_probability,
                      found.log_error + 4 * known.log_standard_error);
        assert_true(found.log_error < 1e-4);
    }
}

/* Whatever it loads, an indicator alone has its margin. */
static void margins_are_exact(void **unused)
{
    (void)unused;
    for (int trial = 0; trial < 60; trial++) {
        problem p = walks(2, SOME, trial % 2 ? 4 : 9);
        double location[SOME], scale[SOME], expected;
        p.lower[0][0] = 8 * uniform() - 2;
        p.upper[0][0] = trial % 3 ? INFINITY : p.lower[0][0] + pow(10, -4 * uniform());
        p.lower[1][0] = -INFINITY;
        p.df[0][0] = 1;
        for (size_t k = 0; k < SOME; k++) {
            location[k] = p.location[0][k][YEARS - 1];
            scale[k] = sqrt(p.scale[0][k][YEARS - 1][YEARS - 1]);
        }
        att_margin margin = {SOME, p.weight[0], p.df[0], location, scale};
        att_margin_log_interval(&margin, p.lower[0][0], p.upper[0][0], &expected);
        att_joint_result found = solved(&p, ORDINARY);
        assert_within(found.log_probability, expected, 1e-8 + found.log_error);
    }
}

static void strangers_multiply(void **unused)
{
    (void)unused;
    problem both = walks(2, SOME, 5), first = both, second = both;
    both.loading[1][0] = 0;
    first.bounds[1] = second.bounds[0] = 0;
    double product = solved(&first, ORDINARY).log_probability + solved(&second, ORDINARY).log_probability;
    assert_within(solved(&both, ORDINARY).log_probability, product, 1e-9);
}

/* The mode far out, seven indicators and heavy tails: more nodes change nothing, and the error covers what they do. */
/* Ten problems that differ in one indicator each, in a memo that is filled, used, and emptied on the way. */
static void what_is_remembered_is_the_same_to_the_last_bit(void **unused)
{
    (void)unused;
    problem p = walks(5, SOME, 4);
    att_joint_memo *memo = att_joint_memo_new(0);
    assert_non_null(memo);
    uint64_t key[MOST] = {0, 1, 2, 3, 4};
    for (uint64_t round = 0; round < 100; round++) {
        size_t i = round % 5;
        att_joint_indicator indicator[MOST];
        p.lower[i][0] = uniform() - 0.5;
        p.loading[i][0] =
            round % 7 == 3 ? 0 : 0.9 * uniform(); /* without a loading there is another integral */
        if (round % 10 == 9) p.row[i][0][0] = -1; /* and with another year */
        key[i] = 5 + round;
        indicators_of(&p, indicator);
        att_joint joint = {p.indicators, p.factors, indicator};
        att_joint_result again, once = solved(&p, ORDINARY);
        for (int repeat = 0; repeat < 2; repeat++) {
            assert_int_equal(att_joint_log_probability_again(&joint, key, memo, &ORDINARY, &again), ATT_OK);
            assert_true(again.log_probability == once.log_probability && again.log_error == once.log_error);
        }
        p.row[i][0][0] = 0;
        if (round % 10 == 9) key[i] = 1000 + round;
    }
    att_joint joint = {0};
    att_joint_result result;
    assert_int_equal(att_joint_log_probability_again(&joint, key, memo, &ORDINARY, &result),
                     ATT_BAD_ARGUMENT);
    att_joint_memo_free(memo);
    att_joint_memo_free(NULL);
}

static void tails_are_stable(void **unused)
{
    (void)unused;
    for (double push = 0; push < 400; push = 2 * push + 1) {
        problem p = walks(7, SOME, 7);
        for (size_t i = 0; i < p.indicators; i++) p.lower[i][0] += push;
        att_joint_result rough = solved(&p, (att_rectangle_accuracy){0, 1e-3, 1572864}),
                         fine = solved(&p, FINE);
        assert_within(rough.log_probability, fine.log_probability, rough.log_error);
        assert_within(rough.log_probability, fine.log_probability, 1e-6);
    }
}

static void loadings_near_one_are_integrated(void **unused)
{
    (void)unused;
    problem p = walks(4, 2, 5);
    for (size_t i = 0; i < 4; i++) p.loading[i][0] = 0.99;
    att_joint_result rough = solved(&p, ORDINARY), fine = solved(&p, FINE);
    assert_within(rough.log_probability, fine.log_probability, rough.log_error + 1e-12);
}

/* Every subset against the same problem with its other bounds taken out. */
static void check_subsets(problem p, double tolerance)
{
    att_joint_result all[64];
    size_t bounds = 0;
    for (size_t i = 0; i < p.indicators; i++) bounds += p.bounds[i];
    assert_int_equal(solve(&p, ORDINARY, 1, all), ATT_OK);
    assert_within(all[0].log_probability, 0, 1e-12);
    for (size_t subset = 1; subset < (size_t)1 << bounds; subset++) {
        problem part = p;
        size_t bit = 0;
        for (size_t i = 0; i < p.indicators; i++)
            for (size_t b = 0; b < p.bounds[i]; b++, bit++)
                if (!(subset >> bit & 1)) part.lower[i][b] = -INFINITY, part.upper[i][b] = INFINITY;
        assert_within(all[subset].log_probability, solved(&part, ORDINARY).log_probability, tolerance);
    }
}

static void subsets_are_those_of_fewer_bounds(void **unused)
{
    (void)unused;
    problem one_year = walks(4, SOME, 6), years = walks(2, 1, 6), alone = walks(1, 1, 6);
    one_year.bounds[1] = 2; /* a second, stricter bound on the same functional */
    one_year.row[1][1][YEARS - 1] = 1;
    one_year.lower[1][1] = -INFINITY;
    one_year.upper[1][1] = 1;
    bound_years(&years, 0);
    bound_years(&alone, 0);
    check_subsets(one_year, 1e-8);
    check_subsets(years, 2e-3);
    check_subsets(alone, 2e-3);
}

static void what_is_known_decides(void **unused)
{
    (void)unused;
    problem p = walks(3, 2, 5), without = p;
    memset(p.scale[1], 0, sizeof p.scale[1]);
    without.bounds[1] = 0;
    p.lower[1][0] = -10;
    assert_within(solved(&p, ORDINARY).log_probability, solved(&without, ORDINARY).log_probability, 1e-9);
    p.lower[1][0] = 10;
    assert_true(solved(&p, ORDINARY).log_probability == -INFINITY);
    without.lower[0][0] = without.upper[0][0] = 0; /* one value of a continuous figure */
    assert_true(solved(&without, ORDINARY).log_probability == -INFINITY);
}

static void contradictory_bounds_are_impossible(void **unused)
{
    (void)unused;
    problem p = walks(2, 2, 5);
    p.bounds[0] = 2;
    p.row[0][1][YEARS - 1] = 1;
    p.lower[0][0] = 1;
    p.lower[0][1] = -INFINITY;
    p.upper[0][1] = 0;
    assert_true(solved(&p, ORDINARY).log_probability == -INFINITY);
}

static void without_bounds_all_is_certain(void **unused)
{
    (void)unused;
    problem p = walks(2, 2, 5);
    p.lower[0][0] = p.lower[1][0] = -INFINITY;
    assert_within(solved(&p, ORDINARY).log_probability, 0, 1e-12);
    p.bounds[0] = p.bounds[1] = 0;
    assert_true(solved(&p, ORDINARY).log_probability == 0);
}

static void bad_input_is_refused(void **unused)
{
    (void)unused;
    att_joint_result result;
    problem good = walks(2, 2, 5), p = good;
    p.loading[0][0] = 1;
    assert_int_equal(solve(&p, ORDINARY, 0, &result), ATT_BAD_ARGUMENT);
    p = good, p.loading[0][0] = NAN;
    assert_int_equal(solve(&p, ORDINARY, 0, &result), ATT_NOT_FINITE);
    p = good, p.lower[1][0] = NAN;
    assert_int_equal(solve(&p, ORDINARY, 0, &result), ATT_NOT_FINITE);
    p = good, p.upper[1][0] = p.lower[1][0] - 1;
    assert_int_equal(solve(&p, ORDINARY, 0, &result), ATT_EMPTY_RECTANGLE);
    p = good, p.weight[0][0] = 2;
    assert_int_equal(solve(&p, ORDINARY, 0, &result), ATT_BAD_ARGUMENT);
    p = good, p.scale[0][0][2][2] = NAN;
    assert_int_equal(solve(&p, ORDINARY, 0, &result), ATT_NOT_FINITE);
    p = good, p.scale[0][0][2][2] = -1;
    assert_int_equal(solve(&p, ORDINARY, 0, &result), ATT_BAD_ARGUMENT);
    assert_int_equal(solve(&good, (att_rectangle_accuracy){0, 0, 1}, 0, &result), ATT_BAD_ARGUMENT);
    assert_int_equal(att_joint_log_probability(NULL, &ORDINARY, &result), ATT_BAD_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normals_in_one_year_are_a_rectangle),
        cmocka_unit_test(normals_in_several_years_are_a_rectangle),
        cmocka_unit_test(two_factors_are_a_rectangle),
        cmocka_unit_test(one_indicator_is_a_multivariate_t),
        cmocka_unit_test(margins_are_exact),
        cmocka_unit_test(components_may_be_gathered),
        cmocka_unit_test(errors_cover_what_they_say),
        cmocka_unit_test(narrow_ranges_of_scales_are_seen),
        cmocka_unit_test(strangers_multiply),
        cmocka_unit_test(what_is_remembered_is_the_same_to_the_last_bit),
        cmocka_unit_test(tails_are_stable),
        cmocka_unit_test(loadings_near_one_are_integrated),
        cmocka_unit_test(subsets_are_those_of_fewer_bounds),
        cmocka_unit_test(what_is_known_decides),
        cmocka_unit_test(contradictory_bounds_are_impossible),
        cmocka_unit_test(without_bounds_all_is_certain),
        cmocka_unit_test(bad_input_is_refused),
    };
    att_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
