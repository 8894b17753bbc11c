/* What is left of a standard normal that is cut to an interval? Its mass, mean and variance, on the side where the
 * tails are small. */
#include "normal_interval.h"

#include <math.h>

#include "attain/distribution.h"

#define NARROW 1e-4
#define LOG_SQRT_2PI 0.91893853320467274178
#define LEAST_VARIANCE 1e-14

/* Seen from the side on which |low| <= high. */
static normal_interval of_near_side(double low, double high)
{
    double large = att_log_tail(low, INFINITY, ATT_UPPER), small = att_log_tail(high, INFINITY, ATT_UPPER);
    normal_interval out = {large + log1p(-exp(small - large)), 0, 0};
    double at_low = exp(att_log_density(low, INFINITY) - out.log_mass);
    double at_high = isinf(high) ? 0 : exp(att_log_density(high, INFINITY) - out.log_mass);
    out.mean = at_low - at_high;
    out.variance = 1 + low * at_low - (isinf(high) ? 0 : high * at_high) - out.mean * out.mean;
    return out;
}

/* Far out, where 1 + low mean - mean^2 cancels: the first terms of the asymptotic series. */
static normal_interval of_far_tail(double low)
{
    double w = 1 / (low * low);
    return (normal_interval){att_log_tail(low, INFINITY, ATT_UPPER), low * (1 + w * (1 - 2 * w)),
                             w * (1 - 6 * w)};
}

normal_interval normal_interval_of(double low, double high)
{
    double width = high - low, middle = low + 0.5 * width;
    if (width * fmax(1, fmin(fabs(low), fabs(high))) < NARROW)
        return (normal_interval){log(width) - 0.5 * middle * middle - LOG_SQRT_2PI, middle,
                                 fmax(width * width / 12, LEAST_VARIANCE)};
    int mirrored = low + high < 0;
    double from = mirrored ? -high : low, to = mirrored ? -low : high;
    normal_interval out = from > 30 && (to - from) * from > 40 ? of_far_tail(from) : of_near_side(from, to);
    out.variance = fmin(fmax(out.variance, LEAST_VARIANCE), 1);
    if (mirrored) out.mean = -out.mean;
    return out;
}
