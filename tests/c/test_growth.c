/* The growth model from C: closed forms, stored oracle values, bad rows, and batches that equal single
 * series. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "attain/growth.h"
#include "attain/mixture.h"
#include "growth_covariance.h"
#include "growth_posterior.h"
#include "random_walk.h"

enum { POINTS = 3, HORIZON = 3, ROWS = 6 };

/* A random walk with drift, AR(1) growth with measurement error, a straight trend with noise. */
static const double PRIOR[POINTS * ATT_PRIOR_COLUMNS] = {
    0,   0,    1,    0,   0.03, 0.05, 1.5, 0.05, 1, 0, 0.5, /* phi r w q m0 k0 a0 s0 rho d weight */
    0.6, 0.3,  0.4,  0.3, 0.03, 0.3,  1.5, 0.05, 1, 0, 0.3, /* */
    0,   0.95, 0.05, 0,   0,    0.02, 0.5, 0.05, 1, 0, 0.2,
};

/* Levels with a gap on one scope, then growth and a level on another. */
static const int64_t SERIES[ROWS] = {7, 7, 7, 7, 7, 7};
static const int32_t YEAR[ROWS] = {2015, 2016, 2018, 2020, 2021, 2021};
static const int32_t KIND[ROWS] = {0, 0, 0, 1, 1, 0};
static const int32_t SCOPE[ROWS] = {0, 0, 0, 1, 1, 1};
static const double VALUE[ROWS] = {100, 108, 121, 0.07, 0.04, 90};

static const att_growth_prior prior = {POINTS, PRIOR, INFINITY};
static const att_observations table = {ROWS, SERIES, YEAR, KIND, SCOPE, VALUE, NULL, NULL};

/* The same with drift that fades or is new every year, and past years that were more volatile. */
static const double FADING_PRIOR[POINTS * ATT_PRIOR_COLUMNS] = {
    0,   0,    1,    0,   0.03, 0.05, 1.5, 0.05, 0.7, 0,   0.5, /* */
    0.6, 0.3,  0.4,  0.3, 0.03, 0.3,  1.5, 0.05, 0.9, 1.2, 0.3, /* */
    0,   0.95, 0.05, 0,   0,    0.02, 0.5, 0.05, 0,   2,   0.2,
};
static const att_growth_prior fading = {POINTS, FADING_PRIOR, 10};

typedef struct {
    double weight[POINTS], location[POINTS], scale[POINTS]; /* of the last year of the horizon */
} oracle_values;

/* Printed by: python -c "import sys; sys.path.insert(0, 'tests/python'); import oracle, numpy as np; rows =
 * [(2015,'level',100.,0), (2016,'level',108.,0), (2018,'level',121.,0), (2020,'growth',.07,1),
 * (2021,'growth',.04,1), (2021,'level',90.,1)]; P = np.array([[0,0,1,0,.03,.05,1.5,.05,1,0,.5],
 * [.6,.3,.4,.3,.03,.3,1.5,.05,1,0,.3], [0,.95,.05,0,0,.02,.5,.05,1,0,.2]]); F = P.copy(); F[:,8] = .7,.9,0;
 * F[:,9] = 0,1.2,2; [print(w.tolist(), l[:,2].tolist(), s[:,2,2].tolist()) for w,d,l,s in
 * (oracle.posterior(rows, p, 2021, np.log(90.), 1, 2024) for p in ((P, np.inf), (F, 10)))]" */
static const oracle_values ORACLE = {{0.6567169171547005, 0.3390331394054203, 0.00424994343987929},
                                     {4.607509636878555, 4.636546170060519, 4.481011401378607},
                                     {0.005653415644512682, 0.0074621081247470385, 0.008096582643918543}};
static const oracle_values FADING_ORACLE = {
    {0.8612352351095562, 0.12649276256660638, 0.012272002323837376},
    {4.593730848902488, 4.606780985415695, 4.484367806495891},
    {0.005753108802545873, 0.007302401414534778, 0.0016678232784231011}};

static void assert_near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance * fmax(1, fabs(expected))))
        fail_msg("%.17g is not %.17g within %g", got, expected, tolerance);
}

static void assert_posterior(const att_growth_prior *from, const oracle_values *expected)
{
    double weight[POINTS], df[POINTS], location[POINTS * HORIZON], scale[POINTS * HORIZON * HORIZON];
    assert_int_equal(att_growth_posterior(from, &table, HORIZON, weight, df, location, scale), ATT_OK);
    for (size_t g = 0; g < POINTS; g++) {
        assert_near(weight[g], expected->weight[g], 1e-11);
        assert_near(location[g * HORIZON + 2], expected->location[g], 1e-11);
        assert_near(scale[g * 9 + 8], expected->scale[g], 1e-11);
        assert_near(df[g], 2 * PRIOR[g * ATT_PRIOR_COLUMNS + 6] + 4, 0);
    }
}

static void posterior_equals_the_oracle(void **state)
{
    (void)state;
    assert_posterior(&prior, &ORACLE);
    assert_posterior(&fading, &FADING_ORACLE);
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
    const att_observations levels = {3, SERIES, YEAR, KIND, SCOPE, VALUE, NULL, NULL};
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
    const att_observations two = {2, SERIES, YEAR, KIND, SCOPE, VALUE, NULL, NULL},
                           none = {0, SERIES, YEAR, KIND, SCOPE, VALUE, NULL, NULL};
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
                 {2016, 1, -1, ATT_BELOW_TOTAL_LOSS}, {2016, 3, 1, ATT_BAD_KIND},
                 {2014, 0, 1, ATT_BAD_ORDER},         {2015, 0, 1, ATT_REPEATED},
                 {2016, 0, INFINITY, ATT_NOT_FINITE}, {2000000000, 0, 1, ATT_BAD_ARGUMENT},
                 {2016, 2, 0, ATT_NOT_A_SHARE},       {2016, 2, 1, ATT_NOT_A_SHARE},
                 {2016, 2, NAN, ATT_NOT_FINITE},      {2016, 2, 0.5, ATT_MIXED_KINDS}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const int32_t year[2] = {2015, cases[c].year}, kind[2] = {0, cases[c].kind};
        const double value[2] = {100, cases[c].value};
        const att_observations rows = {2, SERIES, year, kind, SCOPE, value, NULL, NULL};
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
    } cases[] = {{0, 1},   {0, -0.1}, {1, 0.2},   {4, NAN}, {4, 1e300}, {5, -1},       {5, 1e12},
                 {6, 0},   {6, 0.04}, {6, 1e308}, {7, 0},   {7, 1e200}, {7, 1e-9},     {7, NAN},
                 {8, 1.1}, {8, NAN},  {9, -0.1},  {9, 5},   {10, 0},    {10, INFINITY}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        double bad[POINTS * ATT_PRIOR_COLUMNS];
        memcpy(bad, PRIOR, sizeof bad);
        bad[ATT_PRIOR_COLUMNS + cases[c].column] = cases[c].value;
        assert_int_equal(att_growth_prior_check(&(att_growth_prior){POINTS, bad, INFINITY}), ATT_BAD_PRIOR);
    }
    const double limits[] = {0, -1, NAN};
    for (size_t c = 0; c < sizeof limits / sizeof limits[0]; c++)
        assert_int_equal(att_growth_prior_check(&(att_growth_prior){POINTS, PRIOR, limits[c]}),
                         ATT_BAD_PRIOR);
    assert_int_equal(att_growth_prior_check(&(att_growth_prior){0, PRIOR, INFINITY}), ATT_BAD_ARGUMENT);
}

static void levels_and_growth_among_shares_are_refused(void **state)
{
    (void)state;
    for (int32_t other = ATT_ROW_LEVEL; other <= ATT_ROW_GROWTH; other++) {
        const int32_t kind[3] = {ATT_ROW_SHARE, other, ATT_ROW_SHARE};
        const double value[3] = {0.4, 0.1, 0.42};
        const att_observations rows = {3, SERIES, YEAR, kind, SCOPE, value, NULL, NULL};
        att_status status[3];
        att_row_use use[3];
        att_origin origin;
        double quantile;
        assert_int_equal(att_growth_origins(&rows, status, use, &origin), ATT_OK);
        assert_int_equal(status[0], ATT_OK);
        assert_int_equal(status[1], ATT_MIXED_KINDS);
        assert_int_equal(status[2], ATT_OK);
        assert_int_equal(
            att_growth_quantiles(&prior, &rows, 2030, 2030, 1, &(const double){0.5}, status, &quantile),
            ATT_OK);
        assert_int_equal(status[0], ATT_MIXED_KINDS);
    }
}

enum { SHARES = 7 };

/* Shares with gaps on two scopes, the second from the year in which the first ends. */
static const int32_t SHARE_YEAR[SHARES] = {2015, 2016, 2018, 2020, 2020, 2021, 2024};
static const int32_t SHARE_KIND[SHARES] = {2, 2, 2, 2, 2, 2, 2};
static const int32_t SHARE_SCOPE[SHARES] = {0, 0, 0, 0, 1, 1, 1};
static const double SHARE[SHARES] = {0.3, 0.31, 0.335, 1e-9, 0.42, 0.999, 0.44};
static const int64_t ONE_SERIES[SHARES] = {0};
static const att_observations shares = {SHARES,      ONE_SERIES, SHARE_YEAR, SHARE_KIND,
                                        SHARE_SCOPE, SHARE,      NULL,       NULL};

/* Levels with the same transformed figures, exp(logit(share)). */
static att_observations as_levels(double value[SHARES])
{
    static const int32_t kind[SHARES] = {0};
    for (size_t i = 0; i < SHARES; i++) value[i] = SHARE[i] / (1 - SHARE[i]);
    return (att_observations){SHARES, ONE_SERIES, SHARE_YEAR, kind, SHARE_SCOPE, value, NULL, NULL};
}

static void assert_all_near(size_t n, const double *got, const double *expected)
{
    for (size_t i = 0; i < n; i++) assert_near(got[i], expected[i], 1e-12);
}

static void shares_are_levels_of_their_logits(void **state)
{
    (void)state;
    double value[SHARES], quantile[2][6], weight[2][POINTS], df[2][POINTS], location[2][POINTS * HORIZON],
        scale[2][POINTS * HORIZON * HORIZON];
    const att_observations both[2] = {shares, as_levels(value)};
    att_origin origin[2];
    att_status status[2][SHARES];
    att_row_use use[2][SHARES];
    for (int k = 0; k < 2; k++) {
        assert_int_equal(att_growth_origins(&both[k], status[k], use[k], &origin[k]), ATT_OK);
        assert_int_equal(
            att_growth_posterior(&prior, &both[k], HORIZON, weight[k], df[k], location[k], scale[k]), ATT_OK);
        assert_int_equal(att_growth_quantiles(&prior, &both[k], 2025, 2026, 3,
                                              (const double[]){0.01, 0.5, 0.9}, status[k], quantile[k]),
                         ATT_OK);
    }
    assert_memory_equal(status[0], status[1], sizeof status[0]);
    assert_memory_equal(use[0], use[1], sizeof use[0]);
    assert_int_equal(origin[0].year, 2024);
    assert_int_equal(origin[0].levels, SHARES);
    assert_int_equal(origin[0].changes, 5);
    assert_near(origin[0].log_level, log(0.44 / 0.56), 1e-15);
    assert_all_near(POINTS, weight[0], weight[1]);
    assert_all_near(POINTS, df[0], df[1]);
    assert_all_near(POINTS * HORIZON, location[0], location[1]);
    assert_all_near(POINTS * HORIZON * HORIZON, scale[0], scale[1]);
    assert_all_near(6, quantile[0], quantile[1]);
    assert_int_equal(att_random_walk_posterior(&both[0], HORIZON, df[0], location[0], scale[0]), ATT_OK);
    assert_int_equal(att_random_walk_posterior(&both[1], HORIZON, df[1], location[1], scale[1]), ATT_OK);
    assert_all_near(HORIZON, location[0], location[1]);
    assert_all_near(HORIZON * HORIZON, scale[0], scale[1]);
}

/* Three series of one pattern and one of another: quantiles equal those of the single posterior's margins. */
static void batch_equals_single_series(void **state)
{
    (void)state;
    const int64_t series[8] = {1, 1, 2, 2, 5, 5, 9, 9};
    const int32_t year[8] = {2000, 2001, 2000, 2001, 2000, 2001, 2000, 2003}, zero[8] = {0};
    const double value[8] = {1, 1.1, 20, 19, 300, 350, 5, 6}, probability[3] = {0.1, 0.5, 0.9};
    const att_observations panel = {8, series, year, zero, zero, value, NULL, NULL};
    att_status status[4];
    double quantile[4 * 5 * 3];
    assert_int_equal(att_observations_series(&panel), 4);
    assert_int_equal(att_growth_quantiles(&prior, &panel, 2001, 2005, 3, probability, status, quantile),
                     ATT_OK);
    for (size_t s = 0; s < 4; s++) {
        const att_observations own = {2, series + 2 * s, year + 2 * s, zero, zero, value + 2 * s, NULL, NULL};
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
    const att_observations panel = {3, series, year, zero, zero, value, NULL, NULL};
    att_status status[3];
    double quantile[3];
    assert_int_equal(att_growth_quantiles(&prior, &panel, 2001, 2001, 1, probability, status, quantile),
                     ATT_OK);
    assert_int_equal(status[1], ATT_NOT_POSITIVE);
    assert_true(isnan(quantile[1]));
    assert_near(quantile[2] - quantile[0], log(2), 1e-10);
    const int64_t unsorted[3] = {2, 1, 3};
    const att_observations bad = {3, unsorted, year, zero, zero, value, NULL, NULL};
    assert_int_equal(att_growth_quantiles(&prior, &bad, 2001, 2001, 1, probability, status, quantile),
                     ATT_BAD_ORDER);
}

static void scopes_that_tell_the_same_years_are_named(void **state)
{
    (void)state;
    const struct {
        int32_t year[5], kind[5], scope[5];
        size_t rows, marked; /* marked: one past the row, 0 for none */
    } cases[] = {
        {{2020, 2020, 2021, 2021}, {0, 0, 0, 0}, {0, 1, 0, 1}, 4, 4}, /* both tell 2021 */
        {{2020, 2020, 2021, 2021}, {0, 0, 0, 0}, {0, 1, 1, 0}, 4, 4},
        {{2020, 2021, 2021, 2021}, {0, 1, 0, 0}, {0, 1, 0, 1}, 4, 2}, /* levels go before growth */
        {{2020, 2021, 2022, 2022, 2022}, {0, 1, 0, 0, 1}, {0, 1, 0, 1, 1}, 5, 5}, /* a cycle of three */
        {{2020, 2020, 2022, 2023}, {0, 0, 0, 0}, {0, 1, 0, 1}, 4, 0},             /* overlap, but no cycle */
        {{2020, 2021, 2021, 2022}, {0, 0, 0, 0}, {0, 0, 1, 1}, 4, 0},             /* one after the other */
        {{2020, 2021, 2021, 2021}, {0, 0, 1, 0}, {0, 0, 0, 1}, 4, 0},             /* redundant, not refused */
    };
    const double value[5] = {100, 0.5, 90, 80, 0.5};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const att_observations rows = {cases[c].rows,  SERIES, cases[c].year, cases[c].kind,
                                       cases[c].scope, value,  NULL,          NULL};
        att_status status[5];
        att_row_use use[5];
        att_origin origin;
        assert_int_equal(att_growth_origins(&rows, status, use, &origin), ATT_OK);
        for (size_t i = 0; i < rows.rows; i++)
            assert_int_equal(status[i], i + 1 == cases[c].marked ? ATT_OVERLAP : ATT_OK);
        if (cases[c].marked) assert_int_equal(origin.year, 0);
    }
}

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33) % below;
}

enum { MOST = 40 };

typedef struct {
    size_t rows;
    int64_t series[MOST];
    int32_t year[MOST], kind[MOST], scope[MOST];
    double value[MOST];
} random_rows;

/* Levels and growth rows of up to three scopes, with gaps, side by side or on top of each other. */
static att_observations draw_rows(uint64_t *seed, random_rows *r)
{
    uint32_t scopes = 1 + draw(seed, 3), years = 1 + draw(seed, 6), density = 1 + draw(seed, 6);
    r->rows = 0;
    for (uint32_t cell = 0; cell < years * scopes * 2; cell++) {
        if (draw(seed, 8) >= density) continue;
        size_t i = r->rows++;
        r->series[i] = 0;
        r->year[i] = (int32_t)(cell / (scopes * 2));
        r->kind[i] = (int32_t)(cell % 2);
        r->scope[i] = (int32_t)(cell / 2 % scopes);
        r->value[i] = 0.1 + draw(seed, 100);
    }
    return (att_observations){r->rows, r->series, r->year, r->kind, r->scope, r->value, NULL, NULL};
}

static int is_regular(const growth_windows *windows)
{
    double lower[MOST * MOST], none[1];
    growth_calendar calendar;
    growth_kernel kernel;
    assert_int_equal(growth_calendar_init(&calendar, windows, 0), ATT_OK);
    assert_int_equal(growth_kernel_init(&kernel, &calendar), ATT_OK);
    growth_kernel_take(&kernel, &(prior_point){.w = 1, .rho = 1});
    double log_det = growth_condition(&kernel, windows, 0, lower, none, none);
    growth_kernel_free(&kernel);
    growth_calendar_free(&calendar);
    return !isnan(log_det);
}

/* The windows that are not marked have a regular covariance, and each marked one makes it singular. */
static void overlap_is_what_makes_the_covariance_singular(void **state)
{
    (void)state;
    uint64_t seed = 3;
    random_rows r;
    growth_windows windows, kept;
    size_t singular = 0, redundant = 0;
    assert_int_equal(growth_windows_init(&windows, MOST), ATT_OK);
    assert_int_equal(growth_windows_init(&kept, MOST), ATT_OK);
    for (int trial = 0; trial < 20000; trial++) {
        att_observations rows = draw_rows(&seed, &r);
        att_status status[MOST];
        att_row_use use[MOST];
        size_t change = 0;
        if (rows.rows == 0) continue;
        att_status outcome = growth_read(&rows, &windows, status, use);
        assert_int_equal(is_regular(&windows), outcome == ATT_OK);
        kept.count = 0;
        for (size_t i = 0; i < rows.rows; i++) {
            redundant += use[i] == ATT_USE_REDUNDANT;
            if (use[i] != ATT_USE_CHANGE) continue;
            if (status[i] == ATT_OK) kept.window[kept.count++] = windows.window[change];
            change++;
        }
        assert_int_equal(change, windows.count);
        assert_true(is_regular(&kept));
        for (size_t i = 0, c = 0; i < rows.rows; i++) {
            if (use[i] != ATT_USE_CHANGE) continue;
            kept.window[kept.count] = windows.window[c++];
            if (status[i] == ATT_OK) continue;
            assert_int_equal(status[i], ATT_OVERLAP);
            kept.count++;
            assert_false(is_regular(&kept));
            kept.count--;
            singular++;
        }
    }
    assert_true(singular > 20000 && redundant > 5000);
    growth_windows_free(&windows);
    growth_windows_free(&kept);
}

static void horizons_and_years_have_ends(void **state)
{
    (void)state;
    static double weight[POINTS], df[POINTS], location[POINTS * 201], scale[POINTS * 201 * 201];
    const size_t horizons[] = {0, ATT_MAX_HORIZON, ATT_MAX_HORIZON + 1, SIZE_MAX};
    const att_status expected[] = {ATT_BAD_ARGUMENT, ATT_OK, ATT_TOO_FAR, ATT_TOO_FAR};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(att_growth_posterior(&prior, &table, horizons[i], weight, df, location, scale),
                         expected[i]);
        assert_int_equal(att_random_walk_posterior(&table, horizons[i], df, location, scale), expected[i]);
    }
    const int32_t years[][2] = {
        {INT32_MIN, INT32_MAX}, {2001, INT32_MAX}, {INT32_MIN, 2001}, {2001, ATT_MAX_YEAR + 1}, {2002, 2001}};
    const double probability[1] = {0.5};
    att_status status;
    double quantile[ATT_MAX_HORIZON + 1];
    for (size_t i = 0; i < sizeof years / sizeof years[0]; i++)
        assert_int_equal(
            att_growth_quantiles(&prior, &table, years[i][0], years[i][1], 1, probability, &status, quantile),
            ATT_BAD_ARGUMENT);
    for (int32_t ahead = ATT_MAX_HORIZON; ahead <= ATT_MAX_HORIZON + 1; ahead++) {
        assert_int_equal(
            att_growth_quantiles(&prior, &table, 2022, 2021 + ahead, 1, probability, &status, quantile),
            ATT_OK);
        assert_int_equal(status, ahead > ATT_MAX_HORIZON ? ATT_TOO_FAR : ATT_OK);
        assert_int_equal(isnan(quantile[0]), ahead > ATT_MAX_HORIZON);
    }
}

static void the_ends_of_time_are_no_overflow(void **state)
{
    (void)state;
    const int32_t year[2] = {-ATT_MAX_YEAR, ATT_MAX_YEAR - 1}, zero[2] = {0};
    const double value[2] = {1, 2}, probability[1] = {0.5};
    const att_observations rows = {2, SERIES, year, zero, zero, value, NULL, NULL},
                           first = {1, SERIES, year, zero, zero, value, NULL, NULL};
    att_status status;
    double quantile;
    assert_int_equal(
        att_growth_quantiles(&prior, &rows, ATT_MAX_YEAR, ATT_MAX_YEAR, 1, probability, &status, &quantile),
        ATT_OK);
    assert_true(status == ATT_OK ? isfinite(quantile) : isnan(quantile));
    assert_int_equal(
        att_growth_quantiles(&prior, &first, ATT_MAX_YEAR, ATT_MAX_YEAR, 1, probability, &status, &quantile),
        ATT_OK);
    assert_int_equal(status, ATT_TOO_FAR);
}

/* 300 noisy levels against a point that is sure of next to no volatility: its weight underflows. */
static void weights_that_underflow_are_a_mixture(void **state)
{
    (void)state;
    enum { YEARS = 300 };
    static int64_t series[YEARS];
    static int32_t year[YEARS], zero[YEARS];
    static double value[YEARS];
    for (int32_t i = 0; i < YEARS; i++) {
        year[i] = 1700 + i;
        value[i] = exp(0.02 * i + (i % 2 ? 0.02 : -0.02));
    }
    const att_observations rows = {YEARS, series, year, zero, zero, value, NULL, NULL};
    double long_prior[2 * ATT_PRIOR_COLUMNS], weight[2], df[2], location[2], scale[2], place[2], width[2], x;
    memcpy(long_prior, PRIOR, sizeof long_prior);
    long_prior[ATT_PRIOR_COLUMNS + 6] = 1e6;
    long_prior[ATT_PRIOR_COLUMNS + 7] = 1e-6;
    const att_growth_prior sure = {2, long_prior, INFINITY};
    assert_int_equal(att_growth_posterior(&sure, &rows, 1, weight, df, location, scale), ATT_OK);
    assert_true(weight[1] == 0 && weight[0] == 1);
    const att_mixture mixture = {2, 1, weight, df, location, scale};
    const att_margin margin = {2, weight, df, place, width};
    const double one = 1, probability[2] = {0.5, 0.9};
    assert_int_equal(att_mixture_margin(&mixture, &one, place, width), ATT_OK);
    assert_int_equal(att_margin_quantile(&margin, 0.9, &x), ATT_OK);
    att_status status;
    double quantile[2];
    assert_int_equal(att_growth_quantiles(&sure, &rows, 2000, 2000, 2, probability, &status, quantile),
                     ATT_OK);
    assert_int_equal(status, ATT_OK);
    assert_near(quantile[1], x, 1e-9);
}

/* Four changes, two volatilities nearly known: lgamma is of size 1e7 there, and the posterior odds keep
 * their digits. */
static void weights_of_large_a0_keep_their_digits(void **state)
{
    (void)state;
    enum { CHANGES = 4 };
    const int32_t year[CHANGES + 1] = {1, 2, 3, 4, 5}, zero[CHANGES + 1] = {0};
    const double value[CHANGES + 1] = {1, 2, 4, 8, 16};
    const int64_t series[CHANGES + 1] = {0};
    const double points[2 * ATT_PRIOR_COLUMNS] = {0, 0, 1, 0, 0, 0, 1e6, 0.6, 1, 0, 1,
                                                  0, 0, 1, 0, 0, 0, 3e5, 0.6, 1, 0, 1};
    const att_observations rows = {CHANGES + 1, series, year, zero, zero, value, NULL, NULL};
    double weight[2], df[2], location[2], scale[2], log_weight[2];
    assert_int_equal(
        att_growth_posterior(&(att_growth_prior){2, points, INFINITY}, &rows, 1, weight, df, location, scale),
        ATT_OK);
    for (size_t g = 0; g < 2; g++) {
        double a0 = points[g * ATT_PRIOR_COLUMNS + 6], growth = CHANGES * log(2) * log(2) / 2;
        log_weight[g] = log1p(1 / a0) - (a0 + 2) * log1p(growth / (a0 * 0.6 * 0.6));
    }
    assert_near(weight[1] / weight[0], exp(log_weight[1] - log_weight[0]), 1e-13);
}

/* A prior whose covariances rounding swallows is told from data that contradict themselves. */
static void lost_precision_is_told(void **state)
{
    (void)state;
    const double point[ATT_PRIOR_COLUMNS] = {1 - 1e-14, 0, 0, 1, 0, 0, 1.5, 0.05, 1, 0, 1};
    double weight, df, location, scale;
    assert_int_equal(att_growth_posterior(&(att_growth_prior){1, point, INFINITY}, &table, 1, &weight, &df,
                                          &location, &scale),
                     ATT_NO_PRECISION);
}

/* Changes that are all equal leave no spread; so small a probability has an infinite score. */
static void a_walk_without_spread_is_known(void **state)
{
    (void)state;
    const int32_t year[3] = {2000, 2001, 2002}, zero[3] = {0};
    const double value[3] = {1, 1, 1}, probability[3] = {1e-310, 1e-3, 0.5};
    const att_observations rows = {3, SERIES, year, zero, zero, value, NULL, NULL};
    att_status status;
    double quantile[3];
    assert_int_equal(att_growth_quantiles(NULL, &rows, 2003, 2003, 3, probability, &status, quantile),
                     ATT_OK);
    assert_int_equal(status, ATT_OK);
    for (size_t q = 0; q < 3; q++) assert_true(quantile[q] == 0);
}

/* Two scopes with a level in the last year: the forecast goes on from the later row. */
static void the_last_row_is_the_forecast_scope(void **state)
{
    (void)state;
    const int32_t year[3] = {2020, 2021, 2021}, zero[3] = {0}, scope[2][3] = {{4, 4, 9}, {4, 9, 4}};
    const double value[3] = {100, 110, 70};
    for (size_t c = 0; c < 2; c++) {
        att_status status[3];
        att_row_use use[3];
        att_origin origin;
        const att_observations rows = {3, SERIES, year, zero, scope[c], value, NULL, NULL};
        assert_int_equal(att_growth_origins(&rows, status, use, &origin), ATT_OK);
        assert_int_equal(origin.scope, scope[c][2]);
        assert_near(origin.log_level, log(70), 1e-15);
    }
}

static void bad_errors_are_named(void **state)
{
    (void)state;
    const int32_t year[2] = {2015, 2016}, zero[2] = {0};
    const double bad[] = {-1e-9, NAN, INFINITY, 11}, none[2] = {0}, value[2] = {100, 108};
    for (size_t c = 0; c < 2 * sizeof bad / sizeof bad[0]; c++) {
        const double given[2] = {0, bad[c / 2]};
        att_status status[2];
        att_row_use use[2];
        att_origin origin;
        const att_observations rows = {
            2, SERIES, year, zero, zero, value, c % 2 ? given : none, c % 2 ? none : given};
        assert_int_equal(att_growth_origins(&rows, status, use, &origin), ATT_OK);
        assert_int_equal(status[0], ATT_OK);
        assert_int_equal(status[1], c % 2 && bad[c / 2] == 11 ? ATT_OK : ATT_BAD_ERROR);
    }
}

enum { NODES = POINTS * ATT_SCALE_NODES };

/* P(log figure of the last year of the horizon <= x). */
static double lower_tail(const att_mixture *mixture, double x)
{
    double row[HORIZON] = {0}, place[NODES], width[NODES], log_p;
    row[HORIZON - 1] = 1;
    assert_int_equal(att_mixture_margin(mixture, row, place, width), ATT_OK);
    const att_margin margin = {mixture->components, mixture->weight, mixture->df, place, width};
    assert_int_equal(att_margin_log_tail(&margin, x, ATT_LOWER, &log_p), ATT_OK);
    return exp(log_p);
}

/* Probabilities of normal components on nodes of s2 go over into those of the closed form, which has t ones. */
static void small_errors_go_over_into_none(void **state)
{
    (void)state;
    static double weight[NODES], df[NODES], location[NODES * HORIZON], scale[NODES * HORIZON * HORIZON];
    static double weight_0[POINTS], df_0[POINTS], location_0[POINTS * HORIZON],
        scale_0[POINTS * HORIZON * HORIZON];
    const double loose[ROWS] = {0, 0, 0, 0.3, 0, 0};
    double error[ROWS] = {0};
    att_observations rows = {ROWS, SERIES, YEAR, KIND, SCOPE, VALUE, loose, error};
    assert_int_equal(att_growth_components(&prior, &rows), POINTS);
    assert_int_equal(att_growth_posterior(&prior, &rows, HORIZON, weight_0, df_0, location_0, scale_0),
                     ATT_OK);
    for (size_t i = 0; i < ROWS; i++) error[i] = 1e-7;
    assert_int_equal(att_growth_components(&prior, &rows), NODES);
    assert_int_equal(att_growth_posterior(&prior, &rows, HORIZON, weight, df, location, scale), ATT_OK);
    const att_mixture exact = {POINTS, HORIZON, weight_0, df_0, location_0, scale_0},
                      nodes = {NODES, HORIZON, weight, df, location, scale};
    for (double x = 4; x < 5.2; x += 0.05) assert_near(lower_tail(&nodes, x), lower_tail(&exact, x), 1e-8);
    for (size_t i = 0; i < ROWS; i++) error[i] = 0.03;
    assert_int_equal(att_growth_posterior(&prior, &rows, HORIZON, weight, df, location, scale), ATT_OK);
    assert_true(lower_tail(&nodes, 4.4) > 1.1 * lower_tail(&exact, 4.4));
    const double probability[2] = {0.1, 0.9};
    att_status status;
    double quantile[2];
    assert_int_equal(att_growth_quantiles(&prior, &rows, 2024, 2024, 2, probability, &status, quantile),
                     ATT_OK);
    assert_int_equal(status, ATT_OK);
    for (size_t q = 0; q < 2; q++) assert_near(lower_tail(&nodes, quantile[q]), probability[q], 1e-10);
}

/* Printed by: python -c "import sys; sys.path.insert(0, 'tests/python'); import oracle, numpy as np; rows =
 * [(2015,'level',100.,0,0,.03), (2016,'level',108.,0,0,.03), (2018,'level',121.,0,0,.03)]; ...as above;
 * [print([1 - oracle.normal_tail(oracle.normals(rows, p, 0, 2021, 20000), b) for b in (4.8, 4.9, 5.1)]) for p in
 * ((P, np.inf), (F, 10))]" */
static void nodes_equal_the_oracle(void **state)
{
    (void)state;
    static double weight[NODES], df[NODES], location[NODES * HORIZON], scale[NODES * HORIZON * HORIZON];
    const double error[3] = {0.03, 0.03, 0.03}, bound[3] = {4.8, 4.9, 5.1};
    const double expected[2][3] = {{0.2019441597034205, 0.5283451870678991, 0.948202139248628},
                                   {0.2240837167266333, 0.5776335632591701, 0.9618164926094699}};
    const att_growth_prior *from[2] = {&prior, &fading};
    const att_observations rows = {3, SERIES, YEAR, KIND, SCOPE, VALUE, NULL, error};
    const att_mixture nodes = {NODES, HORIZON, weight, df, location, scale};
    for (size_t p = 0; p < 2; p++) {
        assert_int_equal(att_growth_posterior(from[p], &rows, HORIZON, weight, df, location, scale), ATT_OK);
        for (size_t i = 0; i < 3; i++) assert_near(lower_tail(&nodes, bound[i]), expected[p][i], 1e-9);
    }
}

/* A figure alone: what is forecast is the true one, so its error is added to what the model leaves open. */
static void the_origin_is_uncertain_by_its_error(void **state)
{
    (void)state;
    static double weight[NODES], df[NODES], location[NODES], scale[NODES], scale_0[NODES];
    const double small[1] = {1e-9}, error[1] = {0.2};
    att_observations rows = {1, SERIES, YEAR, KIND, SCOPE, VALUE, NULL, small};
    assert_int_equal(att_growth_posterior(&prior, &rows, 1, weight, df, location, scale_0), ATT_OK);
    rows.error = error;
    assert_int_equal(att_growth_posterior(&prior, &rows, 1, weight, df, location, scale), ATT_OK);
    for (size_t k = 0; k < NODES; k++) assert_near(scale[k], scale_0[k] + 0.04, 1e-14);
}

/* Growth with looseness informs the year ahead of the origin, which it does not move. */
static void loose_growth_is_no_origin(void **state)
{
    (void)state;
    const int32_t year[3] = {2020, 2021, 2022}, kind[3] = {0, 0, 1}, growth[3] = {1, 1, 1}, zero[3] = {0};
    const double value[3] = {100, 110, 0.5}, loose[3] = {0, 0, 0.1}, all[3] = {1, 1, 1};
    const struct {
        const int32_t *kind;
        const double *looseness;
        int32_t year, levels;
    } cases[] = {
        {kind, NULL, 2022, 2}, {kind, loose, 2021, 2}, {growth, loose, 2021, 0}, {growth, all, 2019, 0}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const att_observations rows = {3, SERIES, year, cases[c].kind, zero, value, cases[c].looseness, NULL};
        att_status status[3];
        att_row_use use[3];
        att_origin origin;
        assert_int_equal(att_growth_origins(&rows, status, use, &origin), ATT_OK);
        assert_int_equal(origin.year, cases[c].year);
        assert_int_equal(origin.levels, cases[c].levels);
    }
    const att_observations with = {3, SERIES, year, kind, zero, value, loose, NULL},
                           without = {2, SERIES, year, kind, zero, value, loose, NULL};
    double weight[POINTS], df[POINTS], near[POINTS], far[POINTS], scale[POINTS];
    assert_int_equal(att_growth_posterior(&prior, &with, 1, weight, df, near, scale), ATT_OK);
    assert_int_equal(att_growth_posterior(&prior, &without, 1, weight, df, far, scale), ATT_OK);
    for (size_t g = 0; g < POINTS; g++) assert_true(near[g] > far[g] + 0.1);
}

/* Rows with errors neither repeat nor deny others; those that are exact still do, over them. */
static void errors_leave_room_for_other_rows(void **state)
{
    (void)state;
    const int32_t year[5] = {2020, 2020, 2021, 2022, 2022}, zero[5] = {0}, scope[5] = {0, 1, 1, 0, 1};
    const double value[5] = {100, 70, 74, 121, 80}, rounded[5] = {0, 0, 0.01, 0, 0},
                 free[5] = {0, 0, 0, 0.01, 0};
    att_status status[5];
    att_row_use use[5];
    att_origin origin;
    att_observations rows = {5, SERIES, year, zero, scope, value, NULL, rounded};
    assert_int_equal(att_growth_origins(&rows, status, use, &origin), ATT_OK);
    assert_int_equal(status[4], ATT_OVERLAP);
    rows.error = free;
    assert_int_equal(att_growth_origins(&rows, status, use, &origin), ATT_OK);
    assert_int_equal(status[4], ATT_OK);
    const int32_t span[3] = {2020, 2021, 2021}, kind[3] = {0, 0, 1};
    const double figures[3] = {100, 110, 0.09}, end[3] = {0, 0.01, 0}, growth[3] = {0, 0, 0.001};
    att_observations three = {3, SERIES, span, kind, zero, figures, NULL, end};
    assert_int_equal(att_growth_origins(&three, status, use, &origin), ATT_OK);
    assert_int_equal(use[2], ATT_USE_CHANGE);
    three.error = growth;
    assert_int_equal(att_growth_origins(&three, status, use, &origin), ATT_OK);
    assert_int_equal(use[2], ATT_USE_REDUNDANT);
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
        cmocka_unit_test(levels_and_growth_among_shares_are_refused),
        cmocka_unit_test(shares_are_levels_of_their_logits),
        cmocka_unit_test(bad_errors_are_named),
        cmocka_unit_test(small_errors_go_over_into_none),
        cmocka_unit_test(nodes_equal_the_oracle),
        cmocka_unit_test(the_origin_is_uncertain_by_its_error),
        cmocka_unit_test(loose_growth_is_no_origin),
        cmocka_unit_test(errors_leave_room_for_other_rows),
        cmocka_unit_test(priors_outside_the_family_are_refused),
        cmocka_unit_test(batch_equals_single_series),
        cmocka_unit_test(batch_goes_on_after_a_bad_series),
        cmocka_unit_test(scopes_that_tell_the_same_years_are_named),
        cmocka_unit_test(overlap_is_what_makes_the_covariance_singular),
        cmocka_unit_test(horizons_and_years_have_ends),
        cmocka_unit_test(the_ends_of_time_are_no_overflow),
        cmocka_unit_test(weights_that_underflow_are_a_mixture),
        cmocka_unit_test(weights_of_large_a0_keep_their_digits),
        cmocka_unit_test(lost_precision_is_told),
        cmocka_unit_test(a_walk_without_spread_is_known),
        cmocka_unit_test(the_last_row_is_the_forecast_scope),
        cmocka_unit_test(free_tolerates_empty_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
