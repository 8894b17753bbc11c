/* Scores of margins: closed forms, the oracle of pairs, known values, refusals; and of batches: the margins
 * of the posterior scored one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#include "attain/growth.h"
#include "attain/mixture.h"
#include "margin_score.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MOST 8

static void assert_close(double value, double exact, double relative)
{
    if (value == exact || fabs(value - exact) <= relative * fabs(exact)) return;
    fail_msg("%.17g is not %.17g to %g", value, exact, relative);
}

typedef struct {
    t_table table[MOST];
    unsigned char table_of[MOST];
    score_component scratch[MOST];
    score_margin packed;
} workspace;

/* Packs a margin with the tables of its df, or, where one has none, without. */
static void pack(workspace *w, const att_margin *margin)
{
    int all = 1;
    for (size_t k = 0; k < margin->components; k++) {
        w->table_of[k] = (unsigned char)k;
        all &= t_table_build(margin->df[k], &w->table[k]) == ATT_OK;
    }
    assert_int_equal(score_margin_pack(margin, all ? w->table : NULL, w->table_of, w->scratch, &w->packed),
                     ATT_OK);
}

static double crps_of(const att_margin *margin, double y)
{
    static workspace w;
    pack(&w, margin);
    double crps = NAN;
    assert_int_equal(score_crps(&w.packed, y, &crps), ATT_OK);
    return crps;
}

/* E|X - y| of the standard t, df > 1. */
static double mean_distance(double df, double y)
{
    double density = exp(att_log_density(y, df)), below = exp(att_log_tail(y, df, ATT_LOWER));
    double above = exp(att_log_tail(y, df, ATT_UPPER));
    return y * (below - above) + 2 * density * (isinf(df) ? 1 : (df + y * y) / (df - 1));
}

/* Closed form of the standard t (Jordan, Krueger & Lerch 2019, appendix A.2), df > 1, and of the normal. */
static double closed_form(double df, double y)
{
    double half_spread = 0.56418958354775628695;
    if (isfinite(df))
        half_spread =
            2 * sqrt(df) / (df - 1) * exp(gsl_sf_lnbeta(0.5, df - 0.5) - 2 * gsl_sf_lnbeta(0.5, df / 2));
    return mean_distance(df, y) - half_spread;
}

/* By the closed form, and by the integral, of which two halves of it know nothing else. */
static void one_component_scores_as_the_closed_form(void **state)
{
    (void)state;
    static const double dfs[] = {1.05, 1.5, 2, 3, 4, 7, 12, 15, 40, 300, INFINITY};
    static const double places[] = {0, 0.3, -1, 2.5, -6, 40, 1000};
    for (size_t i = 0; i < COUNT(dfs); i++) {
        for (size_t j = 0; j < COUNT(places); j++) {
            double weight[] = {1, 0}, df[] = {dfs[i], dfs[i]}, location[] = {3, 3}, scale[] = {0.07, 0.07};
            double exact = scale[0] * closed_form(dfs[i], places[j]), y = location[0] + scale[0] * places[j];
            att_margin whole = {1, weight, df, location, scale}, halves = {2, weight, df, location, scale};
            assert_close(crps_of(&whole, y), exact, 1e-11);
            weight[0] = weight[1] = 0.5;
            assert_close(crps_of(&halves, y), exact, 1e-8);
        }
    }
}

/* The standard Cauchy has no mean, but a score: 2/pi (y atan y ...) is left to numbers; here by Simpson's rule
 * in another variable, x = y -+ tan. */
static double simpson(double df, double y)
{
    enum { CELLS = 20000 };
    double sum = 0, width = 1.5707963267948966 / CELLS;
    for (int i = 1; i < CELLS; i++) {
        double angle = i * width, t = tan(angle);
        double below = exp(att_log_tail(y - t, df, ATT_LOWER));
        double above = exp(att_log_tail(y + t, df, ATT_UPPER));
        sum += (i % 2 ? 4 : 2) * (below * below + above * above) * (1 + t * t);
    }
    double at_end = df == 1 ? 2 / (3.14159265358979323846 * 3.14159265358979323846) : 0;
    double below = exp(att_log_tail(y, df, ATT_LOWER));
    return width / 3 * (sum + below * below + (1 - below) * (1 - below) + at_end);
}

static void a_score_needs_no_mean(void **state)
{
    (void)state;
    static const double dfs[] = {1, 1.5};
    for (size_t i = 0; i < COUNT(dfs); i++) {
        double weight = 1, location = 0, scale = 1;
        att_margin margin = {1, &weight, &dfs[i], &location, &scale};
        assert_close(crps_of(&margin, 0.8), simpson(dfs[i], 0.8), 1e-5);
    }
    double weight = 1, df = 0.5, location = 0, scale = 1;
    att_margin margin = {1, &weight, &df, &location, &scale};
    assert_true(isinf(crps_of(&margin, 0.8)));
    df = 0.7; /* no table of that df */
    assert_true(isfinite(crps_of(&margin, 0.8)));
}

/* E|X - y| - E|X - X'| / 2 over pairs of normal components, whose difference is normal. */
static double pairs(const att_margin *m, double y)
{
    double score = 0;
    for (size_t i = 0; i < m->components; i++) {
        score += m->weight[i] * m->scale[i] * mean_distance(INFINITY, (y - m->location[i]) / m->scale[i]);
        for (size_t j = 0; j < m->components; j++) {
            double scale = hypot(m->scale[i], m->scale[j]);
            double apart = (m->location[i] - m->location[j]) / scale;
            score -= 0.5 * m->weight[i] * m->weight[j] * scale * mean_distance(INFINITY, apart);
        }
    }
    return score;
}

static void mixtures_of_normals_match_their_pairs(void **state)
{
    (void)state;
    static const double df[] = {INFINITY, INFINITY, INFINITY, INFINITY};
    static const double weight[][4] = {{0.4, 0.3, 0.2, 0.1}, {0.97, 0.01, 0.01, 0.01}};
    static const double location[][4] = {{0, 0.1, -0.2, 0.3}, {0, 5, -40, 0.01}};
    static const double scale[][4] = {{0.1, 0.2, 0.05, 0.3}, {1, 0.03, 0.3, 30}};
    static const double places[] = {0, 0.07, -0.5, 4.999, 60};
    for (size_t i = 0; i < COUNT(weight); i++) {
        att_margin margin = {4, weight[i], df, location[i], scale[i]};
        for (size_t j = 0; j < COUNT(places); j++)
            assert_close(crps_of(&margin, places[j]), pairs(&margin, places[j]), 1e-8);
    }
}

static double uniform(void)
{
    static uint64_t state = 20261125;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

/* As posteriors look: places within a few scales, scales that spread over an order of magnitude. */
static void random_mixtures_match_their_pairs(void **state)
{
    (void)state;
    double df[MOST], weight[MOST], location[MOST], scale[MOST];
    for (int margins = 0; margins < 500; margins++) {
        double total = 0;
        for (size_t k = 0; k < MOST; k++) {
            df[k] = INFINITY;
            total += weight[k] = -log(uniform());
            location[k] = uniform() - 0.5;
            scale[k] = 0.5 * exp(-3 * uniform());
        }
        for (size_t k = 0; k < MOST; k++) weight[k] /= total;
        att_margin margin = {MOST, weight, df, location, scale};
        double y = 6 * (uniform() - 0.5);
        assert_close(crps_of(&margin, y), pairs(&margin, y), 1e-8);
    }
}

static void tails_and_densities_are_those_of_the_margin(void **state)
{
    (void)state;
    static const double weight[] = {0.5, 0.3, 0.2}, df[] = {3, 8, INFINITY};
    static const double location[] = {0, 1, -2}, scale[] = {1, 0.5, 0.1};
    static const double places[] = {-30, -2, 0.2, 1.7, 9};
    static workspace w;
    att_margin margin = {3, weight, df, location, scale};
    pack(&w, &margin);
    for (size_t i = 0; i < COUNT(places); i++) {
        double below, above, narrow, x = places[i], width = 1e-5;
        assert_int_equal(att_margin_log_tail(&margin, x, ATT_LOWER, &below), ATT_OK);
        assert_int_equal(att_margin_log_tail(&margin, x, ATT_UPPER, &above), ATT_OK);
        assert_int_equal(att_margin_log_interval(&margin, x - width / 2, x + width / 2, &narrow), ATT_OK);
        assert_true(fabs(score_tail(&w.packed, x, ATT_LOWER) - exp(below)) < 1e-12);
        assert_true(fabs(score_tail(&w.packed, x, ATT_UPPER) - exp(above)) < 1e-12);
        assert_true(fabs(score_log_density(&w.packed, x) - (narrow - log(width))) < 1e-7);
    }
    assert_true(score_tail(&w.packed, INFINITY, ATT_UPPER) == 0);
    assert_close(score_tail(&w.packed, -INFINITY, ATT_UPPER), 1, 1e-15);
}

static void a_known_value_scores_its_distance(void **state)
{
    (void)state;
    static workspace w;
    double weight[] = {1, 0.5}, df[] = {4, 4}, location[] = {2, 2}, scale[] = {0, 1}, crps;
    att_margin margin = {1, weight, df, location, scale};
    assert_close(crps_of(&margin, 2.5), 0.5, 1e-15);
    assert_true(crps_of(&margin, 2) == 0);
    scale[0] = 1e-9; /* nearly known, a hundred million scales away */
    assert_close(crps_of(&margin, 2.1), 0.1, 1e-7);
    scale[0] = 1e-15;
    pack(&w, &margin);
    assert_true(score_tail(&w.packed, 2, ATT_LOWER) == 1);
    assert_true(score_tail(&w.packed, 2, ATT_UPPER) == 1);
    assert_true(score_tail(&w.packed, 2.1, ATT_UPPER) == 0);
    assert_true(score_log_density(&w.packed, 2) == INFINITY);
    assert_true(score_log_density(&w.packed, 2.1) == -INFINITY);
    weight[0] = 0.5;
    margin.components = 2;
    pack(&w, &margin);
    assert_int_equal(score_crps(&w.packed, 2.5, &crps), ATT_NO_CONVERGENCE);
}

static void margins_without_weight_or_place_are_refused(void **state)
{
    (void)state;
    static workspace w;
    double weight = 1e-20, df = 4, location = 0, scale = 1;
    att_margin margin = {1, &weight, &df, &location, &scale};
    assert_int_equal(score_margin_pack(&margin, NULL, w.table_of, w.scratch, &w.packed), ATT_BAD_ARGUMENT);
    location = NAN;
    assert_int_equal(score_margin_pack(&margin, NULL, w.table_of, w.scratch, &w.packed), ATT_NOT_FINITE);
}

/* Three series: five levels, one level, a level that is none. */
static const int64_t SERIES[] = {0, 0, 0, 0, 0, 1, 2};
static const int32_t YEAR[] = {2000, 2001, 2002, 2003, 2004, 2010, 2010}, ZEROS[7] = {0};
static const double VALUE[] = {100, 108, 111, 125, 130, 50, -1};
static const double POINTS[][9] = {{0.3, 0, 0.7, 0.3, 0.03, 0.05, 1.5, 0.05, 0.6},
                                   {0, 0, 1, 0, 0.03, 0.05, 0.5, 0.12, 0.4}};
static const int32_t HORIZON[] = {3, 1};
static const att_observations TABLE = {7, SERIES, YEAR, ZEROS, ZEROS, VALUE, NULL, NULL};

typedef struct {
    att_status status[3];
    double crps[6], log_score[6], pit[6], median[6], exceed[12];
} answers;

static att_status run(const att_growth_prior *prior, const double *actual, const double *bound, answers *a)
{
    att_score_request asked = {2, HORIZON, actual, 2, bound};
    att_scores out = {a->crps, a->log_score, a->pit, a->median, a->exceed};
    return att_growth_scores(prior, &TABLE, &asked, a->status, &out);
}

static void check_cell(const att_margin *margin, double actual, const double *bound, const answers *a,
                       size_t c)
{
    double value;
    assert_close(a->crps[c], crps_of(margin, actual), 1e-8);
    assert_int_equal(att_margin_log_tail(margin, actual, ATT_LOWER, &value), ATT_OK);
    assert_true(fabs(a->pit[c] - exp(value)) < 1e-11);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(att_margin_log_tail(margin, bound[i], ATT_UPPER, &value), ATT_OK);
        assert_true(fabs(a->exceed[2 * c + i] - exp(value)) < 1e-11);
    }
    assert_int_equal(att_margin_log_tail(margin, a->median[c], ATT_LOWER, &value), ATT_OK);
    assert_true(fabs(exp(value) - 0.5) < 1e-11);
}

static void batches_score_the_margins_of_the_posterior(void **state)
{
    (void)state;
    static const double actual[] = {5.1, 4.9, 4.0, NAN, 1, 1};
    static const double bound[] = {5, 5.2, 4.8, 4.95, 4, 4.1, 3.9, 4.2, 1, 1, 1, 1};
    att_growth_prior prior = {2, &POINTS[0][0]};
    answers a;
    assert_int_equal(run(&prior, actual, bound, &a), ATT_OK);
    assert_int_equal(a.status[0], ATT_OK);
    assert_int_equal(a.status[1], ATT_OK);
    assert_int_equal(a.status[2], ATT_NOT_POSITIVE);
    for (size_t s = 0; s < 2; s++) {
        double weight[2], df[2], location[6], scale[18], place[2], width[2];
        att_observations series = {s ? 1 : 5, SERIES, YEAR + 5 * s, ZEROS, ZEROS, VALUE + 5 * s, NULL, NULL};
        assert_int_equal(att_growth_posterior(&prior, &series, 3, weight, df, location, scale), ATT_OK);
        att_mixture mixture = {2, 3, weight, df, location, scale};
        for (size_t h = 0; h < 2; h++) {
            double row[3] = {h == 1, 0, h == 0};
            assert_int_equal(att_mixture_margin(&mixture, row, place, width), ATT_OK);
            att_margin margin = {2, weight, df, place, width};
            if (!isnan(actual[2 * s + h]))
                check_cell(&margin, actual[2 * s + h], bound + 4 * s + 2 * h, &a, 2 * s + h);
        }
    }
    assert_true(isnan(a.crps[3]) && isnan(a.pit[3]) && isnan(a.log_score[3]));
    assert_true(isfinite(a.median[3]) && isfinite(a.exceed[6]));
    assert_true(isnan(a.median[4]) && isnan(a.exceed[8]) && isnan(a.crps[5]));
}

static void what_cannot_be_scored_is_told(void **state)
{
    (void)state;
    double actual[] = {INFINITY, 1, 1, 1, 1, 1}, bound[12] = {0};
    answers a;
    assert_int_equal(run(NULL, actual, bound, &a), ATT_OK);
    assert_int_equal(a.status[0], ATT_NOT_FINITE);
    assert_int_equal(a.status[1], ATT_TOO_FEW);
    actual[0] = 5;
    bound[3] = NAN;
    assert_int_equal(run(NULL, actual, bound, &a), ATT_OK);
    assert_int_equal(a.status[0], ATT_NOT_FINITE);
    assert_true(isnan(a.crps[0]));
    static const int32_t bad[] = {0}, far[] = {ATT_MAX_HORIZON + 1};
    att_score_request asked = {1, bad, actual, 0, NULL};
    att_scores out = {a.crps, a.log_score, a.pit, a.median, a.exceed};
    assert_int_equal(att_growth_scores(NULL, &TABLE, &asked, a.status, &out), ATT_BAD_ARGUMENT);
    asked.horizon = far;
    assert_int_equal(att_growth_scores(NULL, &TABLE, &asked, a.status, &out), ATT_TOO_FAR);
    asked.horizons = 0;
    assert_int_equal(att_growth_scores(NULL, &TABLE, &asked, a.status, &out), ATT_BAD_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_component_scores_as_the_closed_form),
        cmocka_unit_test(a_score_needs_no_mean),
        cmocka_unit_test(mixtures_of_normals_match_their_pairs),
        cmocka_unit_test(random_mixtures_match_their_pairs),
        cmocka_unit_test(tails_and_densities_are_those_of_the_margin),
        cmocka_unit_test(a_known_value_scores_its_distance),
        cmocka_unit_test(margins_without_weight_or_place_are_refused),
        cmocka_unit_test(batches_score_the_margins_of_the_posterior),
        cmocka_unit_test(what_cannot_be_scored_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
