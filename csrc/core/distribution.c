/* How likely is a value of the standard t, or of the standard normal, this far out?
 *
 * With g = 1/df the normal is g = 0, and one derivation serves both. For x > 0
 *
 *     f(x) = c (1 + g x^2)^(-(df + 1)/2),   c = Gamma((df + 1)/2) / (Gamma(df/2) sqrt(pi df))        density
 *     E(x) = df/2 log(1 + g x^2)            (x^2/2 when g = 0)                                       energy
 *     P(0 <= X <= x) = x f(x) F((df + 1)/2, 1; 3/2; g x^2 / (1 + g x^2))                             centre
 *     P(X >= x)      = c exp(-E(x)) sqrt(1/x^2 + g) F(1/2, 1; df/2 + 1; -df/x^2)                     tail
 *
 * which are DLMF 8.17.8 for I(1/2, df/2) and I(df/2, 1/2), the latter turned by 15.8.1 so that its argument
 * is negative. The first F is a series of positive terms (15.2.1), the second a fraction of positive terms
 * (15.7.1 with b = 0),
 *
 *     1/(1 + a_1/(b_1 + a_2/(b_2 + ...))),   a_j = j (1 + (j - 1) g) / x^2,   b_j = 1 + 2 j g,
 *
 * Laplace's own fraction when g = 0. Neither can cancel, so the only subtraction is 1/2 - centre, made where
 * it is harmless; the tail is assembled in logs, so that nothing overflows or underflows.
 */
#include "attain/distribution.h"

#include <float.h>
#include <math.h>

#include "quantile_search.h"

#define LOG_SQRT_2PI 0.91893853320467274178
#define SQRT_PI 1.77245385090551602730

static int in_domain(double x, double df)
{
    return !isnan(x) && df >= 0.1;
}

/* log(Gamma(a + 1/2) / (Gamma(a) sqrt(a))) for a >= 12, where seven terms of Stirling's difference, DLMF
 * 5.11.8, leave less than 1e-17: -sum (1 - 4^-k) B_2k / (k (2k - 1)) a^(1 - 2k). */
static double stirling_difference(double a)
{
    double v = 1 / a, w = v * v;
    double series = 31.0 / 18432 + w * (-691.0 / 180224 + w * 5461.0 / 425984);
    series = 1.0 / 8 + w * (-1.0 / 192 + w * (1.0 / 640 + w * (-17.0 / 14336 + w * series)));
    return -v * series;
}

/* log f(0). Gamma's recurrence lifts a small df/2 to where the series holds. */
static double log_peak(double df)
{
    if (isinf(df)) return -LOG_SQRT_2PI;
    double a = df / 2, product = 1;
    for (; a < 12; a += 1) product *= a / (a + 0.5);
    return log(product * sqrt(a / df) / SQRT_PI) + stirling_difference(a);
}

/* log(1 + g x^2), where x^2 may overflow. */
static double log_spread(double x, double df)
{
    double ratio = x * (x / df);
    return ratio < 1e300 ? log1p(ratio) : 2 * log(fabs(x)) - log(df);
}

static double energy(double x, double df)
{
    return isinf(df) || x * (x / df) < 1e-17 ? 0.5 * x * x : 0.5 * df * log_spread(x, df);
}

/* P(0 <= X <= x), x >= 0, by the series. */
static double centre(double x, double df)
{
    double g = 1 / df, square = x * x, argument = square / (1 + g * square);
    double term = 1, sum = 1;
    for (int n = 0; term > 0.1 * DBL_EPSILON * sum; n++) {
        term *= (1 + (2 * n + 1) * g) * argument / (2 * n + 3);
        sum += term;
    }
    return x * sum * exp(att_log_density(x, df));
}

/* The series is short and the subtraction from 1/2 mild up to here; the fraction is short from here on. */
static double centre_measure(double x, double df)
{
    return x * x * (1 + 10 / df);
}

#define CENTRE_END 6.0

/* a_1/(b_1 + a_2/(b_2 + ...)), from the end backwards. The end, r = a/(b + r), stands for the terms left
 * out; with it so many terms leave less than 3e-16 wherever the fraction is used (docs/accuracy.md). */
static double fraction(double x, double df)
{
    double g = 1 / df, inverse = 1 / x, w = inverse * inverse;
    double terms = floor(10 + 260 / centre_measure(x, df));
    double a = terms * (1 + (terms - 1) * g) * w, b = 1 + 2 * terms * g;
    double rest = 0.5 * (sqrt(b * b + 4 * a) - b);
    for (double j = terms; j > 0; j -= 1) rest = j * (1 + (j - 1) * g) * w / (1 + 2 * j * g + rest);
    return rest;
}

/* log P(X >= x), x > 0. */
static double log_tail_beyond(double x, double df)
{
    return log_peak(df) - energy(x, df) + log(hypot(1 / x, sqrt(1 / df))) - log1p(fraction(x, df));
}

double att_log_tail(double x, double df, att_side side)
{
    if (!in_domain(x, df)) return NAN;
    int far = (side == ATT_UPPER) == (x > 0);
    double distance = fabs(x);
    if (isinf(x)) return far ? -INFINITY : 0;
    if (centre_measure(x, df) < CENTRE_END) return log(0.5 + (far ? -1 : 1) * centre(distance, df));
    double log_far = log_tail_beyond(distance, df);
    return far ? log_far : log1p(-exp(log_far));
}

double att_log_density(double x, double df)
{
    if (!in_domain(x, df)) return NAN;
    double log_fall = isinf(df) ? 0 : 0.5 * log_spread(x, df);
    return isinf(x) ? -INFINITY : log_peak(df) - energy(x, df) - log_fall;
}

static void evaluate_standard(const void *context, att_side side, double x, double *log_tail,
                              double *log_density)
{
    const double *df = context;
    *log_tail = att_log_tail(x, *df, side);
    *log_density = att_log_density(x, *df);
}

/* A start for the upper quantile of df degrees of freedom from that of the normal: Wallace (1959), which
 * equates the normal's energy with the t's times ((8 df + 1) / (8 df + 3))^2. */
static double rough_quantile(double log_p, double df)
{
    double score = quantile_rough_score(log_p);
    if (isinf(df)) return score;
    double stretched = score * (8 * df + 3) / (8 * df + 1);
    return sqrt(df * expm1(fmin(stretched * stretched / df, 600)));
}

double att_quantile(double log_p, double df, att_side side)
{
    if (!in_domain(log_p, df) || isinf(log_p) || log_p >= 0) return NAN;
    int beyond_median = log_p <= LOG_HALF;
    if (!beyond_median) log_p = log(-expm1(log_p));
    quantile_problem problem = {evaluate_standard, &df, ATT_UPPER, log_p, 0, 1};
    double x;
    if (quantile_search(&problem, rough_quantile(log_p, df), &x) != ATT_OK) return NAN;
    return (side == ATT_UPPER) == beyond_median ? x : -x;
}
