/* Bounds that join indicators where the answer is known: rectangles, the engine over factors, rows that others determine;
 * degenerate input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "attain/sov.h"

#define MOST 4
#define YEARS 2
#define COMPONENTS 3
#define BOUNDS 6
#define WIDTH (MOST * YEARS)

static const att_rectangle_accuracy ORDINARY = {0, 1e-3, 12 << 13};

/* Indicators over two years whose bounds may name any of them. */
typedef struct {
    size_t indicators, components, bounds;
    double weight[MOST][COMPONENTS], df[MOST][COMPONENTS];
    double location[MOST][COMPONENTS][YEARS], scale[MOST][COMPONENTS][YEARS][YEARS];
    double correlation[MOST * MOST], row[BOUNDS * WIDTH], lower[BOUNDS], upper[BOUNDS];
} problem;

static uint64_t state = 1;

static double uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) * 0x1p-53;
}

/* Random walks whose last year is bounded from below. */
static problem walks(size_t indicators, size_t components, double df, double correlation)
{
    problem p = {.indicators = indicators, .components = components, .bounds = indicators};
    for (size_t i = 0; i < indicators; i++) {
        for (size_t k = 0; k < components; k++) {
            double drift = 0.4 * uniform() - 0.2, variance = 0.5 + uniform();
            p.weight[i][k] = 1.0 / (double)components;
            p.df[i][k] = df;
            for (size_t a = 0; a < YEARS; a++) {
                p.location[i][k][a] = drift * (double)(a + 1);
                for (size_t b = 0; b < YEARS; b++)
                    p.scale[i][k][a][b] = variance * (1.0 + (double)(a < b ? a : b));
            }
        }
        for (size_t j = 0; j < indicators; j++) p.correlation[i * indicators + j] = i == j ? 1 : correlation;
        p.row[i * indicators * YEARS + i * YEARS + 1] = 1;
        p.lower[i] = uniform() - 0.3;
        p.upper[i] = INFINITY;
    }
    return p;
}

static double *row_of(problem *p, size_t bound)
{
    return p->row + bound * p->indicators * YEARS;
}

/* One more bound: that of the last year of i less `times` that of j. */
static void bound_difference(problem *p, size_t i, size_t j, double times, double lower, double upper)
{
    row_of(p, p->bounds)[i * YEARS + 1] = 1;
    row_of(p, p->bounds)[j * YEARS + 1] = -times;
    p->lower[p->bounds] = lower;
    p->upper[p->bounds++] = upper;
}

static att_status solve(const problem *p, att_rectangle_accuracy accuracy, att_sov_result *result)
{
    att_sov_indicator indicator[MOST];
    for (size_t i = 0; i < p->indicators; i++)
        indicator[i] = (att_sov_indicator){
            {p->components, YEARS, p->weight[i], p->df[i], p->location[i][0], p->scale[i][0][0]}, 2026};
    att_sov sov = {p->indicators, p->bounds, indicator, p->correlation, p->row, p->lower, p->upper};
    return att_sov_log_probability(&sov, &accuracy, result);
}

static att_sov_result solved(const problem *p)
{
    att_sov_result result;
    assert_int_equal(solve(p, ORDINARY, &result), ATT_OK);
    assert_false(isnan(result.log_probability) || isnan(result.log_error) || isnan(result.effective));
    assert_true(result.effective <= (double)result.points);
    return result;
}

static void assert_within(double value, double expected, double error)
{
    if (!(fabs(value - expected) <= error))
        fail_msg("%.12g is not %.12g within %.2g", value, expected, error);
}

/* What two bounds covary with one component: scale matrices are proportional, so that R multiplies. */
static double covariance(const problem *p, size_t a, size_t b)
{
    size_t width = p->indicators * YEARS;
    double sum = 0;
    for (size_t x = 0; x < width; x++)
        for (size_t y = 0; y < width; y++) {
            size_t i = x / YEARS, j = y / YEARS;
            double size = sqrt(p->scale[i][0][x % YEARS][y % YEARS] * p->scale[j][0][x % YEARS][y % YEARS]);
            sum +=
                p->row[a * width + x] * p->row[b * width + y] * p->correlation[i * p->indicators + j] * size;
        }
    return sum;
}

static att_rectangle_result as_rectangle(const problem *p)
{
    double mean[BOUNDS], matrix[BOUNDS * BOUNDS];
    size_t width = p->indicators * YEARS;
    for (size_t a = 0; a < p->bounds; a++) {
        mean[a] = 0;
        for (size_t x = 0; x < width; x++)
            mean[a] += p->row[a * width + x] * p->location[x / YEARS][0][x % YEARS];
        for (size_t b = 0; b < p->bounds; b++) matrix[a * p->bounds + b] = covariance(p, a, b);
    }
    att_rectangle rectangle = {p->bounds, p->lower, p->upper, mean, matrix, INFINITY};
    att_rectangle_accuracy accuracy = {0, 1e-5, 1572864};
    att_rectangle_result result;
    assert_int_equal(att_rectangle_log_probability(&rectangle, &accuracy, &result), ATT_OK);
    return result;
}

static void assert_rectangle(const problem *p)
{
    att_sov_result found = solved(p);
    att_rectangle_result known = as_rectangle(p);
    assert_within(found.log_probability, known.log_probability,
                  4.5 * (found.log_error + known.log_standard_error) + 1e-9);
}

static void normals_are_a_rectangle(void **unused)
{
    (void)unused;
    for (size_t n = 1; n <= MOST; n++)
        for (double push = -1; push < 6; push += 1.5) {
            problem p = walks(n, 1, INFINITY, 0.3);
            for (size_t i = 0; i < n; i++) p.lower[i] += push;
            if (n > 2) p.upper[1] = p.lower[1] + 2;
            assert_rectangle(&p);
        }
}

/* The difference of two levels beside both of them: three rows, two normals. */
static void determined_rows_bound_what_they_load_on(void **unused)
{
    (void)unused;
    for (double push = -1; push < 4; push += 1) {
        problem p = walks(3, 1, INFINITY, -0.3);
        bound_difference(&p, 0, 1, 1, push, push + 2);
        p.upper[2] = 2;
        assert_rectangle(&p);
        bound_difference(&p, 1, 0, 2, -12, 1);
        assert_rectangle(&p);
    }
}

static void an_upper_bound_is_a_lower_one_turned_over(void **unused)
{
    (void)unused;
    problem p = walks(3, 1, INFINITY, 0.4);
    for (size_t i = 0; i < 2; i++) {
        p.upper[i] = p.lower[i];
        p.lower[i] = -INFINITY;
    }
    bound_difference(&p, 0, 1, 1, -INFINITY, 0.3);
    assert_rectangle(&p);
}

static void singular_correlations_are_integrated(void **unused)
{
    (void)unused;
    problem p = walks(3, 1, INFINITY, 1);
    assert_rectangle(&p);
    for (size_t i = 0; i < 2; i++) p.correlation[2 * 3 + i] = p.correlation[i * 3 + 2] = -1;
    p.lower[2] = -1;
    assert_rectangle(&p);
    bound_difference(&p, 0, 2, 1, -3, 3);
    assert_rectangle(&p);
}

/* Mixtures of t against the integral over the factor. */
static void one_factor_is_the_other_engine(void **unused)
{
    (void)unused;
    const double loading = sqrt(0.5);
    for (int trial = 0; trial < 12; trial++) {
        problem p = walks(MOST, COMPONENTS, 2 + trial % 4 * 3, 0.5);
        att_joint_indicator indicator[MOST];
        att_joint_result known;
        double row[YEARS] = {0, 1};
        for (size_t i = 0; i < MOST; i++) {
            p.lower[i] += trial;
            if (i == 1) p.upper[i] = p.lower[i] + 1 + trial;
            indicator[i] = (att_joint_indicator){
                {COMPONENTS, YEARS, p.weight[i], p.df[i], p.location[i][0], p.scale[i][0][0]},
                2026,
                &loading,
                1,
                row,
                &p.lower[i],
                &p.upper[i]};
        }
        att_joint joint = {MOST, 1, indicator};
        assert_int_equal(att_joint_log_probability(&joint, &ORDINARY, &known), ATT_OK);
        att_sov_result found = solved(&p);
        assert_within(found.log_probability, known.log_probability, 4.5 * found.log_error + 1e-5);
        assert_true(found.log_error < 2e-3);
    }
}

/* A correlation of one between mixtures: draws of the same component are singular, others are not. */
static void equal_mixtures_that_move_as_one_have_an_answer(void **unused)
{
    (void)unused;
    problem p = walks(2, COMPONENTS, 5, 1);
    memcpy(p.weight[1], p.weight[0], sizeof p.weight[0]);
    memcpy(p.location[1], p.location[0], sizeof p.location[0]);
    memcpy(p.scale[1], p.scale[0], sizeof p.scale[0]);
    bound_difference(&p, 0, 1, 1, -0.5, 0.5);
    row_of(&p, 0)[0] = row_of(&p, 1)[YEARS] = -1; /* growth in the last year */
    att_sov_result found = solved(&p);
    assert_true(found.log_probability < 0 && found.log_probability > -3);
}

static void what_is_known_decides(void **unused)
{
    (void)unused;
    problem p = walks(3, 2, 5, 0.3), without = p;
    memset(p.scale[1], 0, sizeof p.scale[1]);
    without.lower[1] = -INFINITY;
    p.lower[1] = p.location[1][0][1] < p.location[1][1][1] ? p.location[1][0][1] : p.location[1][1][1];
    att_sov_result found = solved(&p), known = solved(&without);
    assert_within(found.log_probability, known.log_probability, 4.5 * (found.log_error + known.log_error));
    p.lower[1] = 10;
    assert_true(solved(&p).log_probability == -INFINITY);
    for (size_t i = 0; i < 3; i++) memset(p.scale[i], 0, sizeof p.scale[i]), p.lower[i] = -5;
    assert_within(solved(&p).log_probability, 0, 1e-12);
    p.lower[0] = p.upper[0] = p.location[0][0][1] = p.location[0][1][1] = 2; /* one value, known to be that */
    assert_within(solved(&p).log_probability, 0, 1e-12);
}

/* Half of an indicator is known, and only that half attains. */
static void a_known_component_attains(void **unused)
{
    (void)unused;
    problem p = walks(2, 2, INFINITY, 0.5);
    memset(p.scale[0][0], 0, sizeof p.scale[0][0]);
    p.location[0][0][1] = 30;
    p.lower[0] = 20;
    p.lower[1] = -INFINITY;
    assert_within(solved(&p).log_probability, log(0.5), 1e-3);
    p.lower[1] = -90;
    assert_within(solved(&p).log_probability, log(0.5), 1e-3);
}

static void what_cannot_be_is_impossible(void **unused)
{
    (void)unused;
    problem p = walks(2, 2, 5, 0.3), one = p;
    one.lower[0] = one.upper[0] = 0; /* one value of a continuous figure */
    assert_true(solved(&one).log_probability == -INFINITY);
    p.lower[0] = 1;
    p.lower[1] = -INFINITY;
    p.upper[1] = 0;
    bound_difference(&p, 0, 1, 1, -INFINITY, 0.5);
    assert_true(solved(&p).log_probability == -INFINITY);
    memcpy(row_of(&p, 2), row_of(&p, 0), sizeof p.row / BOUNDS);
    assert_true(solved(&p).log_probability == -INFINITY);
}

static void what_never_binds_is_certain(void **unused)
{
    (void)unused;
    problem p = walks(2, 2, 5, 0.3);
    p.lower[0] = p.lower[1] = -1e9;
    assert_within(solved(&p).log_probability, 0, 1e-6);
    p.lower[0] = p.lower[1] = -INFINITY;
    assert_true(solved(&p).log_probability == 0);
    p.bounds = 0;
    assert_true(solved(&p).log_probability == 0);
}

static void bad_input_is_refused(void **unused)
{
    (void)unused;
    att_sov_result result;
    problem good = walks(3, 2, 5, 0.3), p = good;
    p.correlation[1] = p.correlation[3] = 0.99;
    p.correlation[2] = p.correlation[6] = -0.99;
    assert_int_equal(solve(&p, ORDINARY, &result), ATT_NOT_COVARIANCE);
    p = good;
    p.correlation[1] = 0.5;
    assert_int_equal(solve(&p, ORDINARY, &result), ATT_NOT_COVARIANCE);
    p = good;
    p.correlation[1] = NAN;
    assert_int_equal(solve(&p, ORDINARY, &result), ATT_NOT_FINITE);
    p = good;
    p.row[0] = NAN;
    assert_int_equal(solve(&p, ORDINARY, &result), ATT_NOT_FINITE);
    p = good;
    p.lower[0] = NAN;
    assert_int_equal(solve(&p, ORDINARY, &result), ATT_NOT_FINITE);
    p = good;
    p.upper[0] = p.lower[0] - 1;
    assert_int_equal(solve(&p, ORDINARY, &result), ATT_EMPTY_RECTANGLE);
    p = good;
    p.weight[0][0] = -1;
    assert_int_equal(solve(&p, ORDINARY, &result), ATT_BAD_ARGUMENT);
    p = good;
    p.scale[0][0][1][1] = -1;
    assert_int_equal(solve(&p, ORDINARY, &result), ATT_BAD_ARGUMENT);
    assert_int_equal(solve(&good, (att_rectangle_accuracy){0, 0, 100}, &result), ATT_BAD_ARGUMENT);
    assert_int_equal(att_sov_log_probability(NULL, &ORDINARY, &result), ATT_BAD_ARGUMENT);
}

int main(void)
{
    att_initialize();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normals_are_a_rectangle),
        cmocka_unit_test(determined_rows_bound_what_they_load_on),
        cmocka_unit_test(an_upper_bound_is_a_lower_one_turned_over),
        cmocka_unit_test(singular_correlations_are_integrated),
        cmocka_unit_test(one_factor_is_the_other_engine),
        cmocka_unit_test(equal_mixtures_that_move_as_one_have_an_answer),
        cmocka_unit_test(what_is_known_decides),
        cmocka_unit_test(a_known_component_attains),
        cmocka_unit_test(what_cannot_be_is_impossible),
        cmocka_unit_test(what_never_binds_is_certain),
        cmocka_unit_test(bad_input_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
