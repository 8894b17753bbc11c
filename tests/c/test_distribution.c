/* The t and the normal keep their promises against mpmath, the table and the search theirs against the t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "attain/distribution.h"
#include "oracle_distribution.h"
#include "quantile_search.h"
#include "t_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PROMISE 1e-12
#define LOG_HALF (-0.69314718055994530942)

static const double DFS[] = {1, 1.3, 2, 3, 4.5, 8, 20, 60, 1e3, 1e8, INFINITY};

static void assert_close(double value, double exact, double relative)
{
    if (value == exact || fabs(value - exact) <= relative * fabs(exact)) return;
    fail_msg("%.17g is not %.17g to %g", value, exact, relative);
}

static void log_tails_match_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ORACLE); i++)
        assert_close(att_log_tail(ORACLE[i].x, ORACLE[i].df, ORACLE[i].upper > 0 ? ATT_UPPER : ATT_LOWER),
                     ORACLE[i].log_tail, PROMISE);
}

static void log_densities_match_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ORACLE); i++)
        assert_close(att_log_density(ORACLE[i].x, ORACLE[i].df), ORACLE[i].log_density, PROMISE);
}

static void the_two_sides_mirror_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ORACLE); i++) {
        double x = ORACLE[i].x, df = ORACLE[i].df;
        assert_true(att_log_tail(x, df, ATT_UPPER) == att_log_tail(-x, df, ATT_LOWER));
        assert_true(att_log_density(x, df) == att_log_density(-x, df));
    }
}

/* The smaller tail at the quantile is the one asked for, whichever way it was asked. */
static void assert_quantile_returns(double log_p, double df, att_side side)
{
    double x = att_quantile(log_p, df, side);
    double smaller = log_p <= LOG_HALF ? log_p : log(-expm1(log_p));
    assert_close(att_log_tail(fabs(x), df, ATT_UPPER), smaller, PROMISE);
    assert_true(fabs(x) < 1e-15 || (x > 0) == ((side == ATT_UPPER) == (log_p <= LOG_HALF)));
}

static void quantiles_return_to_their_tail(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ORACLE); i++) {
        if (fabs(ORACLE[i].x) > 1e307) continue;
        assert_quantile_returns(ORACLE[i].log_tail, ORACLE[i].df, ATT_LOWER);
        assert_quantile_returns(ORACLE[i].log_tail, ORACLE[i].df, ATT_UPPER);
    }
    assert_quantile_returns(-300000 * log(10), INFINITY, ATT_LOWER);
    assert_quantile_returns(-300000 * log(10), 1e4, ATT_UPPER);
    assert_quantile_returns(-1e-300, 3, ATT_UPPER);
}

static void quantiles_of_the_books(void **state)
{
    (void)state;
    assert_close(att_quantile(log(0.025), INFINITY, ATT_UPPER), 1.9599639845400542355, 1e-14);
    assert_close(att_quantile(log(0.25), 1, ATT_UPPER), 1, 1e-14);
    assert_close(att_quantile(log(0.975), 2, ATT_LOWER), 4.3026527297494638537, 1e-14);
    assert_true(fabs(att_quantile(LOG_HALF, 7, ATT_LOWER)) < 1e-15);
}

static void what_no_double_holds_is_infinite(void **state)
{
    (void)state;
    assert_true(att_log_tail(1e300, INFINITY, ATT_UPPER) == -INFINITY);
    assert_true(att_log_tail(INFINITY, 3, ATT_UPPER) == -INFINITY);
    assert_true(att_log_tail(INFINITY, 3, ATT_LOWER) == 0);
    assert_true(att_log_density(-INFINITY, 3) == -INFINITY);
    assert_true(att_quantile(-1e5, 1, ATT_UPPER) == INFINITY);
    assert_true(att_quantile(-1e5, 1, ATT_LOWER) == -INFINITY);
    assert_true(isfinite(att_log_tail(DBL_MAX, 0.1, ATT_UPPER)));
}

static void outside_the_domain_is_nan(void **state)
{
    (void)state;
    static const double bad[] = {0.0999, 0, -1, -INFINITY, NAN};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_true(isnan(att_log_tail(1, bad[i], ATT_UPPER)));
        assert_true(isnan(att_log_density(1, bad[i])));
        assert_true(isnan(att_quantile(-1, bad[i], ATT_UPPER)));
    }
    assert_true(isnan(att_log_tail(NAN, 3, ATT_UPPER)) && isnan(att_log_density(NAN, 3)));
    assert_true(isnan(att_quantile(0, 3, ATT_UPPER)) && isnan(att_quantile(0.1, 3, ATT_UPPER)));
    assert_true(isnan(att_quantile(-INFINITY, 3, ATT_UPPER)) && isnan(att_quantile(NAN, 3, ATT_UPPER)));
}

static void the_table_matches_the_functions(void **state)
{
    (void)state;
    static t_table table;
    for (size_t i = 0; i < COUNT(DFS); i++) {
        assert_int_equal(t_table_build(DFS[i], &table), ATT_OK);
        for (double x = -200; x < 1e6; x = x < 200 ? x + 0.00390101 : 1.5 * x) {
            double tail, density;
            t_table_at(&table, x, &tail, &density);
            assert_true(fabs(tail - exp(att_log_tail(fabs(x), DFS[i], ATT_UPPER))) < 2e-13);
            assert_true(fabs(density - exp(att_log_density(x, DFS[i]))) < 1e-12);
        }
    }
}

static void the_table_keeps_small_tails(void **state)
{
    (void)state;
    static t_table table;
    for (size_t i = 0; i < COUNT(DFS); i++) {
        assert_int_equal(t_table_build(DFS[i], &table), ATT_OK);
        double last = att_quantile(log(1e-6), DFS[i], ATT_UPPER);
        for (double x = 0; x <= last; x += last / 5000) {
            double tail, density;
            t_table_at(&table, x, &tail, &density);
            assert_close(tail, exp(att_log_tail(x, DFS[i], ATT_UPPER)), 1e-9);
            assert_close(density, exp(att_log_density(x, DFS[i])), 1e-8);
        }
    }
}

static void the_table_refuses_small_df(void **state)
{
    (void)state;
    static t_table table;
    assert_int_equal(t_table_build(0.99, &table), ATT_BAD_ARGUMENT);
    assert_int_equal(t_table_build(NAN, &table), ATT_BAD_ARGUMENT);
}

typedef struct {
    int evaluations;
    double place; /* of the jump */
} probe;

static void evaluate_normal(const void *context, att_side side, double x, double *log_tail,
                            double *log_density)
{
    ((probe *)(uintptr_t)context)->evaluations++;
    *log_tail = att_log_tail(x, INFINITY, side);
    *log_density = att_log_density(x, INFINITY);
}

static void evaluate_jump(const void *context, att_side side, double x, double *log_tail, double *log_density)
{
    (void)side;
    *log_tail = x < ((const probe *)context)->place ? -20 : -0.1;
    *log_density = -INFINITY;
}

static void evaluate_nothing(const void *context, att_side side, double x, double *log_tail,
                             double *log_density)
{
    (void)context, (void)side, (void)x;
    *log_tail = *log_density = NAN;
}

static void the_search_is_short_from_a_good_start_and_finite_from_a_bad_one(void **state)
{
    (void)state;
    static const double starts[] = {-2.3, 0, 50, -1e200};
    static const int most[] = {5, 10, 20, 40};
    for (size_t i = 0; i < COUNT(starts); i++) {
        probe probe = {0, 0};
        quantile_problem problem = {evaluate_normal, &probe, ATT_LOWER, log(0.01), 0, 1};
        double x;
        assert_int_equal(quantile_search(&problem, starts[i], &x), ATT_OK);
        assert_close(x, -2.3263478740408411009, 1e-14);
        assert_true(probe.evaluations <= most[i]);
    }
}

static void the_search_finds_a_jump_and_admits_failure(void **state)
{
    (void)state;
    probe probe = {0, 3.25};
    quantile_problem problem = {evaluate_jump, &probe, ATT_LOWER, -2, 1, 0.5};
    double x;
    assert_int_equal(quantile_search(&problem, 0, &x), ATT_OK);
    assert_close(x, 3.25, 1e-14);
    problem.evaluate = evaluate_nothing;
    assert_int_equal(quantile_search(&problem, 0, &x), ATT_NO_CONVERGENCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_tails_match_the_oracle),
        cmocka_unit_test(log_densities_match_the_oracle),
        cmocka_unit_test(the_two_sides_mirror_each_other),
        cmocka_unit_test(quantiles_return_to_their_tail),
        cmocka_unit_test(quantiles_of_the_books),
        cmocka_unit_test(what_no_double_holds_is_infinite),
        cmocka_unit_test(outside_the_domain_is_nan),
        cmocka_unit_test(the_table_matches_the_functions),
        cmocka_unit_test(the_table_keeps_small_tails),
        cmocka_unit_test(the_table_refuses_small_df),
        cmocka_unit_test(the_search_is_short_from_a_good_start_and_finite_from_a_bad_one),
        cmocka_unit_test(the_search_finds_a_jump_and_admits_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
