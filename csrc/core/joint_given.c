/* How likely are an indicator's bounds, given the variables of the integral? */
#include "joint_given.h"

#include <math.h>

#include "chi_scale.h"

#define LEFT_OUT (-30.0) /* log of what the nodes left out may add, relative to those used */
#define FARTHEST_LOG_WEIGHT (-720.0)
#define LOG_2 0.69314718055994530942

double halves_error(double difference, int has_kinks)
{
    return has_kinks ? 0.25 * fabs(difference) : difference * difference;
}

int have_kinks(const joint_part *part, size_t parts)
{
    for (size_t i = 0; i < parts; i++)
        if (part[i].has_kinks) return 1;
    return 0;
}

static const lane_sums NOTHING = {
    {LOG_NOTHING, LOG_NOTHING, LOG_NOTHING, LOG_NOTHING, LOG_NOTHING, LOG_NOTHING, LOG_NOTHING, LOG_NOTHING,
     LOG_NOTHING, LOG_NOTHING, LOG_NOTHING, LOG_NOTHING, LOG_NOTHING, LOG_NOTHING, LOG_NOTHING, LOG_NOTHING},
    {0}};

static double log_of_lane(const lane_sums *total, int lane)
{
    return total->sum[lane] > 0 ? total->peak[lane] + log(total->sum[lane]) : LOG_NOTHING;
}

/* Whether nodes that have at most this weight together matter in some lane. */
static int matters(const lane_sums *sums, double log_rest)
{
    if (log_rest < FARTHEST_LOG_WEIGHT) return 0;
    for (int lane = 0; lane < LANES; lane++) {
        double found = fmax(log_of_lane(&sums[0], lane), log_of_lane(&sums[1], lane));
        if (log_rest > found + LEFT_OUT) return 1;
    }
    return 0;
}

/* Nodes from `first` on, in steps of `side`. The density is log-concave: what lies beyond a node is less than a
 * geometric series. */
static void add_side(const part_group *group, const separation_kernel *kernel, double step, int first,
                     int side, const double *x, lane_sums *sums)
{
    double log_weight = chi_scale_log_density(first * step, group->df) + log(2 * step), log_rest;
    int node = first;
    do {
        double ratio = exp(node * step);
        kernel->add_components(&group->rows, ratio, log_weight, x, &sums[node & 1]);
        node += side;
        double next = chi_scale_log_density(node * step, group->df) + log(2 * step);
        log_rest = next < log_weight ? next - log1p(-exp(next - log_weight)) + group->log_total : INFINITY;
        log_weight = next;
    } while (matters(sums, log_rest));
}

static void add_group(const part_group *group, const separation_kernel *kernel, int refinement,
                      const double *x, lane_sums *sums)
{
    if (isinf(group->df)) {
        for (int parity = 0; parity < 2; parity++)
            kernel->add_components(&group->rows, 1, 0, x, &sums[parity]);
    } else {
        add_side(group, kernel, group->step / refinement, 0, 1, x, sums);
        add_side(group, kernel, group->step / refinement, -1, -1, x, sums);
    }
}

void joint_given(const joint_part *part, const separation_kernel *kernel, int refinement, const double *x,
                 given_log *out)
{
    lane_sums sums[2] = {NOTHING, NOTHING};
    for (size_t g = 0; g < part->groups; g++) add_group(&part->group[g], kernel, refinement, x, sums);
    for (int lane = 0; lane < LANES; lane++) {
        double even = log_of_lane(&sums[0], lane), odd = log_of_lane(&sums[1], lane), top = fmax(even, odd);
        out->even[lane] = even;
        out->odd[lane] = odd;
        out->all[lane] = top > LOG_NOTHING ? top + log1p(exp(fmin(even, odd) - top)) - LOG_2 : LOG_NOTHING;
    }
}
