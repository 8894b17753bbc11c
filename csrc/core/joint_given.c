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

/* All components at one scale, the heaviest first, until what is left cannot matter. */
static void add_slabs(const part_group *group, const separation_kernel *kernel, double ratio,
                      double log_weight, const double *x, const lane_sums *sums, lane_sums *total)
{
    component_rows slab = group->rows;
    size_t left = slab.components, step = PART_SLAB * slab.rows;
    for (size_t s = 0; left > 0; s++) {
        if (s > 0 && !matters(sums, log_weight + group->log_rest[s])) return;
        slab.components = left < PART_SLAB ? left : PART_SLAB;
        kernel->add_components(&slab, ratio, log_weight, x, total);
        left -= slab.components;
        slab.weight += PART_SLAB;
        slab.inverse_spread += step;
        slab.lower += step;
        slab.upper += step;
        slab.direction += step * slab.variables;
    }
}

/* Nodes from `first` on, in steps of `side`. The density is log-concave: what lies beyond a node is less than a
 * geometric series. */
static void add_side(const part_group *group, const separation_kernel *kernel, double step, int first,
                     int side, const double *x, lane_sums *sums)
{
    double log_weight = chi_scale_log_density(first * step, group->df) + log(2 * step), log_rest;
    int node = first;
    do {
        add_slabs(group, kernel, exp(node * step), log_weight, x, sums, &sums[node & 1]);
        node += side;
        double next = chi_scale_log_density(node * step, group->df) + log(2 * step);
        log_rest = next < log_weight ? next - log1p(-exp(next - log_weight)) + group->log_rest[0] : INFINITY;
        log_weight = next;
    } while (matters(sums, log_rest));
}

static void add_scales(const part_group *group, const separation_kernel *kernel, int refinement,
                       const double *x, lane_sums *sums)
{
    add_side(group, kernel, group->step / refinement, 0, 1, x, sums);
    add_side(group, kernel, group->step / refinement, -1, -1, x, sums);
}

void joint_given(const joint_part *part, const separation_kernel *kernel, int refinement, const double *x,
                 given_log *out)
{
    lane_sums sums[2] = {NOTHING, NOTHING};
    size_t scaled = part->groups;
    if (scaled > 0 && isinf(part->group[scaled - 1].df)) { /* the last: normal components have no scale */
        add_slabs(&part->group[--scaled], kernel, 1, 0, x, sums, &sums[0]);
        sums[1] = sums[0];
    }
    for (size_t g = 0; g < scaled; g++) add_scales(&part->group[g], kernel, refinement, x, sums);
    out->at_most = 0;
    for (int lane = 0; lane < LANES; lane++) {
        double even = log_of_lane(&sums[0], lane), odd = log_of_lane(&sums[1], lane), top = fmax(even, odd);
        out->even[lane] = even;
        out->odd[lane] = odd;
        out->all[lane] = top > LOG_NOTHING ? top + log1p(exp(fmin(even, odd) - top)) - LOG_2 : LOG_NOTHING;
    }
}
