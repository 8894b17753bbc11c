/* Gauss rules for the scale of a t: its moments, and normal probabilities by the trapezoidal rule of a quarter of the step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "chi_scale.h"
#include "scale_rule.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const double DF[] = {0.5, 1.4, 5.4, 30, 5000};

static double step_of(double df)
{
    return 0.5 * fmin(0.125, 0.75 / sqrt(2 * df));
}

static void fill(double df, double farthest, scale_rule rule[SCALE_RULES])
{
    assert_int_equal(scale_rules_fill(df, step_of(df), farthest, rule), ATT_OK);
}

/* E r^m = (2 / df)^(m/2) gamma((df + m) / 2) / gamma(df / 2). */
static void moments_are_those_of_chi(void **unused)
{
    (void)unused;
    for (size_t d = 0; d < COUNT(DF); d++) {
        scale_rule rule[SCALE_RULES];
        fill(DF[d], INFINITY, rule);
        for (size_t i = 0; i < SCALE_RULES; i++) {
            for (double m = 0; m <= 8; m++) {
                double sum = 0, expected = exp(0.5 * m * log(2 / DF[d]) + lgamma(0.5 * (DF[d] + m)) -
                                               lgamma(0.5 * DF[d]));
                for (size_t k = 0; k < rule[i].nodes; k++)
                    sum += rule[i].weight[k] * pow(rule[i].ratio[k], m);
                if (fabs(sum / expected - 1) > 1e-11)
                    fail_msg("df %g, %zu nodes, moment %g: %.15g is not %.15g", DF[d], rule[i].nodes, m, sum,
                             expected);
            }
        }
    }
}

static double normal_below(double u)
{
    return 0.5 * erfc(-u * 0.70710678118654752440);
}

/* The mean over r of Phi(u - place r). */
static double mean_by_trapezoids(double df, double u, double place)
{
    double step = 0.25 * step_of(df), sum = 0;
    for (int node = -20000; node < 20000; node++) {
        double log_weight = chi_scale_log_density(node * step, df) + log(step);
        if (log_weight > -80) sum += exp(log_weight) * normal_below(u - place * exp(node * step));
    }
    return sum;
}

static double mean_by_rule(const scale_rule *rule, double u, double place)
{
    double sum = 0;
    for (size_t k = 0; k < rule->nodes; k++)
        sum += rule->weight[k] * normal_below(u - place * rule->ratio[k]);
    return sum;
}

/* At its reach a rule errs most; probabilities down to 1e-10 have twelve digits. */
static void within_their_reach_they_are_exact(void **unused)
{
    (void)unused;
    for (size_t d = 0; d < COUNT(DF); d++) {
        scale_rule rule[SCALE_RULES];
        fill(DF[d], INFINITY, rule);
        for (size_t i = 0; i < SCALE_RULES; i++) {
            for (double u = -6; u <= 6; u += 1.5) {
                for (int side = -1; side <= 1; side += 2) {
                    double place = side * rule[i].reach, expected = mean_by_trapezoids(DF[d], u, place);
                    double found = mean_by_rule(&rule[i], u, place);
                    if (expected > 1e-10 && fabs(found / expected - 1) > 1e-12)
                        fail_msg("df %g, %zu nodes at %g: %.15g is not %.15g", DF[d], rule[i].nodes, u, found,
                                 expected);
                }
            }
        }
    }
}

static void no_more_rules_are_made_than_are_needed(void **unused)
{
    (void)unused;
    scale_rule rule[SCALE_RULES];
    fill(5.4, 0.5, rule);
    assert_ptr_equal(scale_rule_for(rule, -0.5), &rule[1]);
    assert_ptr_equal(scale_rule_for(rule, 0), &rule[0]);
    assert_null(scale_rule_for(rule, 50));
    assert_true(rule[2].reach == 0 && rule[SCALE_RULES - 1].reach == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_those_of_chi),
        cmocka_unit_test(within_their_reach_they_are_exact),
        cmocka_unit_test(no_more_rules_are_made_than_are_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
