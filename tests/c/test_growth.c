/* The growth model from C: closed forms, stored oracle values, bad rows, and batches that equal single series. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "attain/growth.h"
#include "attain/mixture.h"
#include "growth_posterior.h"
#include "random_walk.h"

enum { POINTS = 3, HORIZON = 3, ROWS = 6 };

/* A random walk with drift, AR(1) growth with measurement error, a straight trend with noise. */
static const double PRIOR[POINTS * ATT_PRIOR_COLUMNS] = {
    0,   0,    1,    0,   0.03, 0.05, 1.5, 0.05, 0.5, /* phi r w q m0 k0 a0 s0 weight */
    0.6, 0.3,  0.4,  0.3, 0.03, 0.3,  1.5, 0.05, 0.3, /* */
    0,   0.95, 0.05, 0,   0,    0.02, 0.5, 0.05, 0.2,
};

/* Levels with a gap on one scope, then growth and a level on another. */
static const int64_t SERIES[ROWS] = {7, 7, 7, 7, 7, 7};
static const int32_t YEAR[ROWS] = {2015, 2016, 2018, 2020, 2021, 2021};
static const int32_t KIND[ROWS] = {0, 0, 0, 1, 1, 0};
static const int32_t SCOPE[ROWS] = {0, 0, 0, 1, 1, 1};
static const double VALUE[ROWS] = {100, 108, 121, 0.07, 0.04, 90};

static const att_growth_prior prior = {POINTS, PRIOR};
static const att_observations table = {ROWS, SERIES, YEAR, KIND, SCOPE, VALUE};

/* Printed by: python -c "import sys; sys.path.insert(0, 'tests/python'); import oracle, numpy as np;
 * rows = [(2015,'level',100.,0), (2016,'level',108.,0), (2018,'level',121.,0), (2020,'growth',.07,1), (2021,'growth',.04,1),
 * (2021,'level',90.,1)]; P = np.array([[0,0,1,0,.03,.05,1.5,.05,.5], [.6,.3,.4,.3,.03,.3,1.5,.05,.3],
 * [0,.95,.05,0,0,.02,.5,.05,.2]]); w,d,l,s = oracle.posterior(rows, P, 2021, np.log(90.), 1, 2024);
 * print(repr(w.tolist()), repr(l[:,2].tolist()), repr(s[:,2,2].tolist()))" */
static const double ORACLE_WEIGHT[POINTS] = {0.6567169171547005, 0.3390331394054203, 0.00424994343987929};
static const double ORACLE_LOCATION[POINTS] = {4.607509636878555, 4.636546170060519, 4.481011401378607};
static const double ORACLE_SCALE[POINTS] = {0.005653415644512682, 0.0074621081247470385,
                                            0.008096582643918543};

static void assert_near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("%.17g is not %.17g within %g", got, expected, tolerance);
}

static void posterior_equals_the_oracle(void **state)
{
    (void)state;
    double weight[POINTS], df[POINTS], location[POINTS * HORIZON], scale[POINTS * HORIZON * HORIZON];
    assert_int_equal(att_growth_posterior(&prior, &table, HORIZON, weight, df, location, scale), ATT_OK);
    for (size_t g = 0; g < POINTS; g++) {
        assert_near(weight[g], ORACLE_WEIGHT[g], 1e-11);
        assert_near(location[g * HORIZON + 2], ORACLE_LOCATION[g], 1e-11);
        assert_near(scale[g * 9 + 8], ORACLE_SCALE[g], 1e-11);
        assert_near(df[g], 2 * PRIOR[g * ATT_PRIOR_COLUMNS + 6] + 4, 0);
    }
}

static void origin_and_uses_are_told(void **state)
{
    (void)state;
    att_status status[ROWS];
    att_row_use use[ROWS];
    att_origin origin;
    assert_int_equal(att_observations_series(&table), 1);
    assert_int_equal(att_growth_origins(&table, status, use, &origin), ATT_OK);
    const att_row_use expected[ROWS] = {ATT_USE_FIRST_LEVEL, ATT_USE_CHANGE, ATT_USE_CHANGE,
                                        ATT_USE_CHANGE,      ATT_USE_CHANGE, ATT_USE_FIRST_LEVEL};
    assert_memory_equal(use, expected, sizeof use);
    assert_int_equal(origin.year, 2021);
    assert_int_equal(origin.levels, 4);
    assert_int_equal(origin.changes, 4);
    assert_near(origin.log_level, log(90), 1e-15);
}

static void random_walk_is_the_closed_form(void **state)
{
    (void)state;
    double df, location[2], scale[4];
    const att_observations levels = {3, SERIES, YEAR, KIND, SCOPE, VALUE};
    assert_int_equal(att_random_walk_posterior(&levels, 2, &df, location, scale), ATT_OK);
    double g1 = log(1.08), g2 = log(121) - log(108), m = (g1 + g2) / 3;
    double s2 = (g1 - m) * (g1 - m) + (g2 - 2 * m) * (g2 - 2 * m) / 2;
    assert_near(df, 1, 0);
    assert_near(location[1], log(121) + 2 * m, 1e-14);
    assert_near(scale[0], s2 * (1 + 1.0 / 3), 1e-13);
    assert_near(scale[1], s2 * (1 + 2.0 / 3), 1e-13);
    assert_near(scale[3], s2 * (2 + 4.0 / 3), 1e-13);
}

static void too_few_changes_are_refused(void **state)
{
    (void)state;
    double df, location[2], scale[4];
    const att_observations two = {2, SERIES, YEAR, KIND, SCOPE, VALUE},
                           none = {0, SERIES, YEAR, KIND, SCOPE, VALUE};
    assert_int_equal(att_random_walk_posterior(&two, 2, &df, location, scale), ATT_TOO_FEW);
    assert_int_equal(att_random_walk_posterior(&none, 2, &df, location, scale), ATT_TOO_FEW);
}

static void bad_rows_are_named(void **state)
{
    (void)state;
    const struct {
        int32_t year, kind;
        double value;
        att_status expected;
    } cases[] = {{2016, 0, 0, ATT_NOT_POSITIVE},      {2016, 0, NAN, ATT_NOT_FINITE},
                 {2016, 1, -1, ATT_BELOW_TOTAL_LOSS}, {2016, 2, 1, ATT_BAD_KIND},
                 {2014, 0, 1, ATT_BAD_ORDER},         {2015, 0, 1, ATT_REPEATED},
                 {2016, 0, INFINITY, ATT_NOT_FINITE}, {2000000000, 0, 1, ATT_BAD_ARGUMENT}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const int32_t year[2] = {2015, cases[c].year}, kind[2] = {0, cases[c].kind};
        const double value[2] = {100, cases[c].value};
        const att_observations rows = {2, SERIES, year, kind, SCOPE, value};
        att_status status[2];
        att_row_use use[2];
        att_origin origin;
        assert_int_equal(att_growth_origins(&rows, status, use, &origin), ATT_OK);
        assert_int_equal(status[0], ATT_OK);
        assert_int_equal(status[1], cases[c].expected);
    }
}

static void priors_outside_the_family_are_refused(void **state)
{
    (void)state;
    const struct {
        size_t column;
        double value;
    } cases[] = {{0, 1}, {0, -0.1}, {1, 0.2}, {4, NAN}, {5, -1}, {6, 0}, {7, 0}, {8, 0}, {8, INFINITY}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        double bad[POINTS * ATT_PRIOR_COLUMNS];
        memcpy(bad, PRIOR, sizeof bad);
        bad[ATT_PRIOR_COLUMNS + cases[c].column] = cases[c].value;
        assert_int_equal(att_growth_prior_check(&(att_growth_prior){POINTS, bad}), ATT_BAD_PRIOR);
    }
    assert_int_equal(att_growth_prior_check(&(att_growth_prior){0, PRIOR}), ATT_BAD_ARGUMENT);
}

/* Three series of one pattern and one of another: quantiles equal those of the single posterior's margins. */
static void batch_equals_single_series(void **state)
{
    (void)state;
    const int64_t series[8] = {1, 1, 2, 2, 5, 5, 9, 9};
    const int32_t year[8] = {2000, 2001, 2000, 2001, 2000, 2001, 2000, 2003}, zero[8] = {0};
    const double value[8] = {1, 1.1, 20, 19, 300, 350, 5, 6}, probability[3] = {0.1, 0.5, 0.9};
    const att_observations panel = {8, series, year, zero, zero, value};
    att_status status[4];
    double quantile[4 * 5 * 3];
    assert_int_equal(att_observations_series(&panel), 4);
    assert_int_equal(att_growth_quantiles(&prior, &panel, 2001, 2005, 3, probability, status, quantile),
                     ATT_OK);
    for (size_t s = 0; s < 4; s++) {
        const att_observations own = {2, series + 2 * s, year + 2 * s, zero, zero, value + 2 * s};
        size_t horizon = (size_t)(2005 - own.year[1]);
        double weight[POINTS], df[POINTS], location[POINTS * 4], scale[POINTS * 16],
            row[4] = {0}, place[POINTS], width[POINTS];
        assert_int_equal(status[s], ATT_OK);
        assert_true(isnan(quantile[s * 15]));
        assert_int_equal(att_growth_posterior(&prior, &own, horizon, weight, df, location, scale), ATT_OK);
        row[horizon - 1] = 1;
        const att_mixture mixture = {POINTS, horizon, weight, df, location, scale};
        const att_margin margin = {POINTS, weight, df, place, width};
        assert_int_equal(att_mixture_margin(&mixture, row, place, width), ATT_OK);
        for (size_t q = 0; q < 3; q++) {
            double log_p;
            att_margin_log_tail(&margin, quantile[s * 15 + 12 + q], ATT_LOWER, &log_p);
            assert_near(exp(log_p), probability[q], 1e-11);
        }
    }
}

static void batch_goes_on_after_a_bad_series(void **state)
{
    (void)state;
    const int64_t series[3] = {1, 2, 3};
    const int32_t year[3] = {2000, 2000, 2000}, zero[3] = {0};
    const double value[3] = {1, -1, 2}, probability[1] = {0.5};
    const att_observations panel = {3, series, year, zero, zero, value};
    att_status status[3];
    double quantile[3];
    assert_int_equal(att_growth_quantiles(&prior, &panel, 2001, 2001, 1, probability, status, quantile),
                     ATT_OK);
    assert_int_equal(status[1], ATT_NOT_POSITIVE);
    assert_true(isnan(quantile[1]));
    assert_near(quantile[2] - quantile[0], log(2), 1e-10);
    const int64_t unsorted[3] = {2, 1, 3};
    const att_observations bad = {3, unsorted, year, zero, zero, value};
    assert_int_equal(att_growth_quantiles(&prior, &bad, 2001, 2001, 1, probability, status, quantile),
                     ATT_BAD_ORDER);
}

static void free_tolerates_empty_objects(void **state)
{
    (void)state;
    growth_factors factors = {0};
    growth_windows windows = {0};
    random_walk walk = {0};
    growth_factors_free(&factors);
    growth_windows_free(&windows);
    random_walk_free(&walk);
}

int main(void)
{
    att_initialize();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posterior_equals_the_oracle),
        cmocka_unit_test(origin_and_uses_are_told),
        cmocka_unit_test(random_walk_is_the_closed_form),
        cmocka_unit_test(too_few_changes_are_refused),
        cmocka_unit_test(bad_rows_are_named),
        cmocka_unit_test(priors_outside_the_family_are_refused),
        cmocka_unit_test(batch_equals_single_series),
        cmocka_unit_test(batch_goes_on_after_a_bad_series),
        cmocka_unit_test(free_tolerates_empty_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
