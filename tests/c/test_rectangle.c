/* Rectangle probabilities where they are known: equicorrelated orthants, one factor against mpmath, by structure and by
 * the lattice; the arms of the kernel; the lattice; degenerate input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "attain/distribution.h"
#include "attain/random.h"
#include "attain/rectangle.h"
#include "kernels.h"
#include "lattice.h"
#include "normal_interval.h"
#include "oracle_rectangle.h"
#include "rectangle_lattice.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MOST 100
#define SEEDS 200

typedef struct {
    size_t n;
    double lower[MOST], upper[MOST], mean[MOST], covariance[MOST * MOST], df;
} problem;

static const att_rectangle_accuracy ORDINARY = {0, 1e-4, 1572864};

static problem with_loads(size_t n, double lower, double upper, double even, double odd)
{
    problem p = {.n = n, .df = INFINITY};
    for (size_t i = 0; i < n; i++) {
        p.lower[i] = lower;
        p.upper[i] = upper;
        for (size_t j = 0; j < n; j++)
            p.covariance[i * n + j] = i == j ? 1 : (i % 2 ? odd : even) * (j % 2 ? odd : even);
    }
    return p;
}

static problem equicorrelated(size_t n, double lower, double upper, double correlation)
{
    double load = sqrt(fabs(correlation));
    return with_loads(n, lower, upper, load, correlation < 0 ? -load : load);
}

/* Random walk over n steps: nothing that the search for structure finds. */
static problem random_walk(size_t n, double lower, double upper)
{
    problem p = {.n = n, .df = INFINITY};
    for (size_t i = 0; i < n; i++) {
        p.lower[i] = lower;
        p.upper[i] = upper;
        for (size_t j = 0; j < n; j++) p.covariance[i * n + j] = 1.0 + (double)(i < j ? i : j);
    }
    return p;
}

static att_status status_of(const problem *p, att_rectangle_result *result)
{
    att_rectangle rectangle = {p->n, p->lower, p->upper, p->mean, p->covariance, p->df};
    return att_rectangle_log_probability(&rectangle, &ORDINARY, result);
}

static att_rectangle_result solved(const problem *p)
{
    att_rectangle_result result;
    assert_int_equal(status_of(p, &result), ATT_OK);
    assert_false(isnan(result.log_probability) || isnan(result.log_standard_error));
    return result;
}

/* Without looking for structure; the covariance is one of correlations. */
static att_rectangle_result by_lattice(problem *p, uint64_t seed, double relative_error)
{
    att_rectangle_accuracy accuracy = {seed, relative_error, 1572864};
    standard_rectangle standard = {p->n, p->lower, p->upper, p->covariance};
    att_rectangle_result result;
    assert_int_equal(rectangle_lattice(&standard, p->df, &accuracy, &result), ATT_OK);
    return result;
}

static void assert_near(double value, double exact, double error)
{
    if (fabs(value - exact) <= error) return;
    fail_msg("%.17g is not %.17g to %g", value, exact, error);
}

static void orthants_of_correlation_one_half(void **state)
{
    (void)state;
    static const size_t sizes[] = {2, 5, 10, 25, 50, 100};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        problem p = equicorrelated(sizes[i], 0, INFINITY, 0.5);
        att_rectangle_result result = solved(&p);
        assert_near(result.log_probability, -log(1 + (double)sizes[i]), 1e-12);
        assert_true(result.log_standard_error == 0 && result.points == 0);
    }
}

static void lattice_orthants_of_correlation_one_half(void **state)
{
    (void)state;
    static const size_t sizes[] = {2, 5, 10, 25};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        problem p = equicorrelated(sizes[i], 0, INFINITY, 0.5);
        att_rectangle_result result = by_lattice(&p, 0, 2e-4);
        assert_near(result.log_probability, -log(1 + (double)sizes[i]), 4 * result.log_standard_error);
        assert_true(result.log_standard_error < 2e-4 && result.points > 0);
    }
}

static problem oracle_problem(size_t i)
{
    problem p = with_loads((size_t)ORACLE_FACTOR[i].dimensions, ORACLE_FACTOR[i].lower,
                           ORACLE_FACTOR[i].upper, ORACLE_FACTOR[i].even_load, ORACLE_FACTOR[i].odd_load);
    p.df = ORACLE_FACTOR[i].df;
    return p;
}

static void one_factor_matches_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ORACLE_FACTOR); i++) {
        problem p = oracle_problem(i);
        att_rectangle_result result = solved(&p);
        assert_near(result.log_probability, ORACLE_FACTOR[i].log_probability, 1e-9);
        assert_true(result.points == 0);
    }
}

/* Relative error 1e-3 in tails of 1e-4, 1e-8, 1e-12, with a standard error that covers it. */
static void the_lattice_matches_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ORACLE_FACTOR); i++) {
        problem p = oracle_problem(i);
        att_rectangle_result result = by_lattice(&p, 0, 2.5e-4);
        assert_near(result.log_probability, ORACLE_FACTOR[i].log_probability, 1e-3);
        assert_near(result.log_probability, ORACLE_FACTOR[i].log_probability, 4 * result.log_standard_error);
    }
}

/* P(S_1 >= 0, ..., S_n >= 0) of a random walk with continuous symmetric steps: binomial(2n, n) / 4^n. */
static void a_random_walk_stays_above_zero(void **state)
{
    (void)state;
    double exact = 0;
    for (int k = 1; k <= 12; k++) exact += log((2.0 * k - 1) / (2.0 * k));
    problem p = random_walk(12, 0, INFINITY);
    att_rectangle_result result = solved(&p);
    assert_true(result.points > 0);
    assert_near(result.log_probability, exact, 4 * result.log_standard_error);
    p.df = 3; /* no scale changes an orthant */
    result = solved(&p);
    assert_near(result.log_probability, exact, 4 * result.log_standard_error);
}

static void the_standard_error_is_the_actual_one(void **state)
{
    (void)state;
    problem p = equicorrelated(7, -1, 1.5, 0.4);
    double exact = solved(&p).log_probability, actual = 0, reported = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        att_rectangle_result result = by_lattice(&p, seed, 1e-3);
        actual += pow(result.log_probability - exact, 2);
        reported += pow(result.log_standard_error, 2);
    }
    double ratio = sqrt(actual / reported);
    if (ratio < 0.75 || ratio > 1.25) fail_msg("actual error over reported: %g", ratio);
}

static void tails_far_beyond_the_doubles(void **state)
{
    (void)state;
    problem p = equicorrelated(100, 25, INFINITY, 0.3);
    att_rectangle_result structured = solved(&p);
    assert_true(structured.log_probability < -1000);
    p = equicorrelated(5, 1000, INFINITY, 0.5);
    structured = solved(&p);
    att_rectangle_result sampled = by_lattice(&p, 0, 1e-4);
    assert_near(sampled.log_probability / structured.log_probability, 1, 1e-9);
}

static void blocks_multiply(void **state)
{
    (void)state;
    problem p = equicorrelated(6, 0.5, 2, 0.5), half = equicorrelated(3, 0.5, 2, 0.5);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            if ((i < 3) != (j < 3)) p.covariance[i * 6 + j] = 0;
    assert_near(solved(&p).log_probability, 2 * solved(&half).log_probability, 1e-12);
    problem alone = equicorrelated(4, -1, INFINITY, 0);
    assert_near(solved(&alone).log_probability, 4 * att_log_tail(-1, INFINITY, ATT_UPPER), 1e-13);
}

/* Loads of one sign and of both; a load of 1, which is the factor itself. */
static void loads_of_any_size(void **state)
{
    (void)state;
    problem p = with_loads(2, 0, INFINITY, 1, 0.5); /* 1/4 + asin(rho) / (2 pi) */
    assert_near(solved(&p).log_probability, log(0.25 + asin(0.5) / (8 * atan(1))), 1e-12);
    p = with_loads(2, 0, INFINITY, 0.999999, -0.999999);
    double rho = -0.999999 * 0.999999;
    assert_near(solved(&p).log_probability, log(0.25 + asin(rho) / (8 * atan(1))), 1e-9);
    p = with_loads(4, 0, INFINITY, 1, 1); /* one variable, four times */
    assert_near(solved(&p).log_probability, log(0.5), 1e-12);
    p = with_loads(2, -1, 1, 1, -1);
    assert_near(solved(&p).log_probability, log1p(-2 * exp(att_log_tail(1, INFINITY, ATT_UPPER))), 1e-12);
}

static void known_free_and_equal(void **state)
{
    (void)state;
    problem p = random_walk(4, -INFINITY, INFINITY);
    assert_true(solved(&p).log_probability == 0);
    p.lower[2] = 0;
    assert_near(solved(&p).log_probability, log(0.5), 1e-13);
    p.upper[2] = 0;
    att_rectangle_result result = solved(&p);
    assert_true(result.log_probability == -INFINITY && result.log_standard_error == 0);
    p = equicorrelated(3, 0, INFINITY, 0);
    p.covariance[0] = 0;
    p.upper[0] = 0; /* known to be 0, which lies inside */
    assert_near(solved(&p).log_probability, log(0.25), 1e-13);
    p.mean[0] = 1;
    assert_true(solved(&p).log_probability == -INFINITY);
}

/* x, y, x + y: the third bounds the second, given the first. */
static void singular_covariances(void **state)
{
    (void)state;
    problem p = {.n = 3, .df = INFINITY, .covariance = {1, 0, 1, 0, 1, 1, 1, 1, 2}};
    for (int i = 0; i < 3; i++) p.upper[i] = INFINITY;
    att_rectangle_result result = solved(&p);
    assert_near(result.log_probability, log(0.25), 1e-3);
    p.lower[0] = p.lower[1] = -INFINITY;
    p.upper[0] = p.upper[1] = 0;
    p.lower[2] = 1; /* impossible */
    result = solved(&p);
    assert_true(result.log_probability == -INFINITY && isinf(result.log_standard_error));
    p.lower[2] = -1; /* the triangle x, y <= 0, x + y >= -1; log of scipy.integrate.quad over x */
    result = solved(&p);
    assert_near(result.log_probability, -2.6922256124725528, 4 * result.log_standard_error + 1e-9);
}

static void narrow_rectangles(void **state)
{
    (void)state;
    problem p = random_walk(5, 0, 1e-7);
    assert_near(solved(&p).log_probability, 5 * log(1e-7 / sqrt(8 * atan(1))), 1e-6);
    p = equicorrelated(3, 0, 1e-140, 0.5);
    double density = -1.5 * log(8 * atan(1)) - 0.5 * log(0.5);
    assert_near(solved(&p).log_probability, 3 * log(1e-140) + density, 1e-9);
    assert_near(by_lattice(&p, 0, 1e-3).log_probability, 3 * log(1e-140) + density, 1e-9);
}

static void what_is_wrong_has_a_status(void **state)
{
    (void)state;
    att_rectangle_result result;
    problem p = equicorrelated(3, 0, 1, 0.5);
    p.lower[1] = 2;
    assert_int_equal(status_of(&p, &result), ATT_EMPTY_RECTANGLE);
    p.lower[1] = NAN;
    assert_int_equal(status_of(&p, &result), ATT_NOT_FINITE);
    p = equicorrelated(3, 0, 1, 0.5);
    p.df = 0.05;
    assert_int_equal(status_of(&p, &result), ATT_BAD_ARGUMENT);
    p.df = INFINITY;
    p.covariance[1] = 0.4;
    assert_int_equal(status_of(&p, &result), ATT_NOT_COVARIANCE);
    p.covariance[1] = p.covariance[3] = 1.1;
    assert_int_equal(status_of(&p, &result), ATT_NOT_COVARIANCE);
    p.covariance[1] = p.covariance[3] = -0.9; /* correlations that no three variables have */
    p.covariance[2] = p.covariance[6] = 0.9;
    p.covariance[5] = p.covariance[7] = 0.9;
    assert_int_equal(status_of(&p, &result), ATT_NOT_COVARIANCE);
    p.covariance[0] = -1;
    assert_int_equal(status_of(&p, &result), ATT_NOT_COVARIANCE);
}

static void equal_seeds_give_equal_bytes(void **state)
{
    (void)state;
    problem p = random_walk(8, -1, 2);
    att_rectangle_result a = by_lattice(&p, 7, 1e-3), b = by_lattice(&p, 7, 1e-3),
                         c = by_lattice(&p, 8, 1e-3);
    assert_memory_equal(&a.log_probability, &b.log_probability, sizeof(double));
    assert_true(a.log_probability != c.log_probability);
}

#define ROWS 5
#define BINS 3

/* What each function of a kernel writes. */
typedef struct {
    double drawn[ROWS * LANES], weight[LANES], weight_by_lanes[LANES], given_factor[LANES], bins[2 * LANES];
    separation_sum sum;
    lane_sums components[2];
} kernel_output;

static void fill(att_stream *stream, double low, double high, size_t count, double *x)
{
    for (size_t i = 0; i < count; i++) x[i] = low + (high - low) * 0x1p-64 * (double)att_stream_next(stream);
}

/* Every function of a kernel on drawn numbers, bounds up to `far`. */
static kernel_output output_of(const separation_kernel *kernel, uint64_t seed, double far)
{
    static const size_t first[] = {0, 1, 2, 3, 4, 5}, variable[] = {0, 1, 3};
    static const separation_kind kind[] = {SEPARATION_BOTH, SEPARATION_LOWER, SEPARATION_NARROW,
                                           SEPARATION_BOTH, SEPARATION_LOWER},
                                 wide[] = {SEPARATION_BOTH, SEPARATION_LOWER, SEPARATION_BOTH,
                                           SEPARATION_BOTH, SEPARATION_LOWER};
    double load[ROWS * ROWS], lower[ROWS], upper[ROWS], shift[ROWS], slope[ROWS], vector[ROWS], start[ROWS];
    double own_load[ROWS * ROWS * LANES], own_lower[ROWS * LANES], own_upper[ROWS * LANES];
    double place[LANES], ratio[LANES], u[LANES], moment[BINS * BIN_TERMS * 2], weight[ROWS], inverse[ROWS];
    att_stream stream = att_stream_open(seed, 0, 0);
    kernel_output out;
    memset(&out, 0, sizeof out);
#define FILL(x, low, high) fill(&stream, low, high, COUNT(x), x)
    FILL(load, -1, 1), FILL(own_load, -1, 1), FILL(lower, -far, far), FILL(own_lower, -far, far);
    FILL(upper, 0, far), FILL(own_upper, far, 2 * far), FILL(shift, -1, 1), FILL(slope, -0.1, 0.1);
    FILL(vector, 0, 1), FILL(start, 0, 1), FILL(place, 0, 1), FILL(ratio, 0.5, 2), FILL(u, -8, 8);
    FILL(moment, -1, 1), FILL(weight, 0, 1), FILL(inverse, 0.5, 2), FILL(out.weight, -3, 0);
    for (size_t r = 0; r < ROWS; r++)
        upper[r] = kind[r] == SEPARATION_LOWER ? INFINITY
                                               : lower[r] + (kind[r] == SEPARATION_NARROW ? 1e-4 : upper[r]);
    separation s = {ROWS, first, load, lower, upper, kind, shift, slope}, by_lanes = s;
    by_lanes.kind = wide;
    separation_points p = {place, vector, start, ratio};
    kernel->weigh(&s, &p, out.drawn, out.weight);
    kernel->weigh_lanes(&by_lanes, &(lane_rows){own_load, own_lower, own_upper}, &p, out.drawn,
                        out.weight_by_lanes);
    kernel->add(u, &out.sum);
    kernel->given_factor(&(factor_rows){ROWS, load, inverse, lower, upper}, ratio[0], u, out.given_factor);
    for (int lower_only = 0; lower_only <= 1; lower_only++)
        kernel->add_components(&(component_rows){ROWS, 1, COUNT(variable), variable, load, inverse, lower,
                                                 upper, weight, lower_only},
                               ratio[0], -1, out.drawn, &out.components[lower_only]);
    kernel->add_bins(moment, BINS, 0, u, out.bins);
    return out;
}

static void all_kernels_give_the_same_bytes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        double far = seed % 2 ? 2 : 70;
        kernel_output plain = output_of(&separation_plain, seed, far),
                      chosen = output_of(separation_choose(), seed, far);
        assert_memory_equal(&plain, &chosen, sizeof plain);
        for (int k = 0; k < LANES; k++) assert_true(isfinite(plain.weight[k]));
    }
}

/* The kernel's tails against distribution.h, given a factor of load 0. */
static void the_kernel_knows_the_normal(void **state)
{
    (void)state;
    double nowhere[LANES] = {0}, log_probability[LANES], load = 0, inverse = 1;
    static const double ends[][2] = {{-40, INFINITY}, {-3, INFINITY}, {-1e-3, INFINITY}, {0.5, INFINITY},
                                     {9, INFINITY},   {38, INFINITY}, {-1, 2},           {-9, -8},
                                     {3, 3.01},       {30, 30.0005},  {-1e-9, 1e-9}};
    for (size_t i = 0; i < COUNT(ends); i++) {
        factor_rows rows = {1, &load, &inverse, &ends[i][0], &ends[i][1]};
        separation_choose()->given_factor(&rows, 1, nowhere, log_probability);
        assert_near(log_probability[0], normal_interval_of(ends[i][0], ends[i][1]).log_mass,
                    1e-11 + 1e-12 * fabs(log_probability[0]) + (i == 8 || i == 9 ? 1e-9 : 0));
    }
}

/* The first 2^m points of the sequence are the lattice of 2^m points. */
static void the_lattice_is_embedded(void **state)
{
    (void)state;
    double place[64];
    int seen[64] = {0};
    lattice_places(0, 64, place);
    for (int k = 0; k < 64; k++) {
        double cell = place[k] * 64;
        assert_true(cell == floor(cell) && cell < 64);
        seen[(int)cell]++;
    }
    for (int k = 0; k < 64; k++) assert_int_equal(seen[k], 1);
}

/* xoshiro256++ of the state (1, 2, 3, 4): first outputs of the authors' program. */
int main(void)
{
    att_initialize();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orthants_of_correlation_one_half),
        cmocka_unit_test(lattice_orthants_of_correlation_one_half),
        cmocka_unit_test(one_factor_matches_the_oracle),
        cmocka_unit_test(the_lattice_matches_the_oracle),
        cmocka_unit_test(a_random_walk_stays_above_zero),
        cmocka_unit_test(the_standard_error_is_the_actual_one),
        cmocka_unit_test(tails_far_beyond_the_doubles),
        cmocka_unit_test(blocks_multiply),
        cmocka_unit_test(loads_of_any_size),
        cmocka_unit_test(known_free_and_equal),
        cmocka_unit_test(singular_covariances),
        cmocka_unit_test(narrow_rectangles),
        cmocka_unit_test(what_is_wrong_has_a_status),
        cmocka_unit_test(equal_seeds_give_equal_bytes),
        cmocka_unit_test(all_kernels_give_the_same_bytes),
        cmocka_unit_test(the_kernel_knows_the_normal),
        cmocka_unit_test(the_lattice_is_embedded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
