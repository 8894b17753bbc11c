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

static const double DF[] = {0.5, 1.4, 5.4, 30, 5000, 1e6, 1e12}, FARTHEST[] = {0, 0.3, 0.5, 1, INFINITY};

static double step_of(double df)
{
    return 0.5 * fmin(0.125, 0.75 / sqrt(2 * df));
}

static scale_rule rule_of(double df, double farthest)
{
    scale_rule rule;
    assert_int_equal(scale_rule_fill(df, step_of(df), farthest, &rule), ATT_OK);
    assert_true(rule.nodes <= SCALE_RULE_NODES && isfinite(rule.reach));
    return rule;
}

/* E r^(2j) = (1 + 2/df) (1 + 4/df) ... (1 + 2(j-1)/df). */
static void moments_are_those_of_chi(void **unused)
{
    (void)unused;
    for (size_t d = 0; d < COUNT(DF); d++) {
        for (size_t f = 0; f < COUNT(FARTHEST); f++) {
            scale_rule rule = rule_of(DF[d], FARTHEST[f]);
            double expected = 1;
            for (int j = 0; j <= 4; j++) {
                double sum = 0;
                for (size_t k = 0; k < rule.nodes; k++) sum += rule.weight[k] * pow(rule.ratio[k], 2 * j);
                if (fabs(sum / expected - 1) > 1e-12)
                    fail_msg("df %g, %zu nodes, moment %d: %.15g is not %.15g", DF[d], rule.nodes, 2 * j, sum,
                             expected);
                expected *= 1 + 2 * j / DF[d];
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
        for (size_t f = 0; f < COUNT(FARTHEST); f++) {
            scale_rule rule = rule_of(DF[d], FARTHEST[f]);
            for (double u = -6; u <= 6; u += 1.5) {
                for (int side = -1; side <= 1; side += 2) {
                    double place = side * rule.reach, expected = mean_by_trapezoids(DF[d], u, place);
                    double found = mean_by_rule(&rule, u, place);
                    if (expected > 1e-10 && fabs(found / expected - 1) > 1e-12)
                        fail_msg("df %g, %zu nodes at %g: %.15g is not %.15g", DF[d], rule.nodes, u, found,
                                 expected);
                }
            }
        }
    }
}

/* The shortest that reaches; the longest where none does. */
static void no_more_nodes_are_taken_than_are_needed(void **unused)
{
    (void)unused;
    size_t before = 0;
    for (double farthest = 0; farthest < 2.5; farthest += 0.25) {
        scale_rule rule = rule_of(5.4, farthest);
        assert_true(rule.nodes >= before && rule.reach >= farthest);
        before = rule.nodes;
    }
    assert_int_equal(rule_of(5.4, 0).nodes, 8);
    assert_int_equal(rule_of(5.4, 50).nodes, SCALE_RULE_NODES);
    assert_true(rule_of(5.4, 50).reach < 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_those_of_chi),
        cmocka_unit_test(within_their_reach_they_are_exact),
        cmocka_unit_test(no_more_nodes_are_taken_than_are_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
