/* How likely are an indicator's bounds given the one variable, when its components are gathered in bins? */
#include "joint_bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chi_scale.h"
#include "memory.h"

#define STEEPEST 4.0    /* slope for which bins are made: loadings up to 0.97 */
#define FARTHEST_X 12.0 /* of the variable */
#define CERTAIN 9.0     /* Phi of it is 1 */
#define HOPELESS 10.0   /* Phi of minus it is nothing beside LEAST_M */
#define LEAST_M 1e-10
#define LEAST_LOG_WEIGHT (-55.0) /* of scales */
#define NEXT_TO_ZERO 1e-14

/* The slope that all components share, or NAN. */
static double common_slope(const joint_part *part)
{
    double slope = NAN;
    for (size_t g = 0; g < part->groups; g++) {
        const component_rows *rows = &part->group[g].rows;
        if (!rows->lower_only || rows->variables != 1) return NAN;
        for (size_t k = 0; k < rows->components; k++) {
            double own = rows->direction[k] * rows->inverse_spread[k];
            if (isnan(slope)) slope = own;
            if (own != slope || !isfinite(rows->lower[k])) return NAN;
        }
    }
    return fabs(slope) <= STEEPEST ? slope : NAN;
}

static const double RECIPROCAL[BIN_TERMS] = {1,       1.0 / 2, 1.0 / 3, 1.0 / 4,  1.0 / 5,  1.0 / 6,
                                             1.0 / 7, 1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 / 12};

/* Adds a weight to one set at a place; places beyond the bins count as certain, or as nothing. */
static void add_place(joint_bins *b, int set, double place, double weight)
{
    double at = (place + b->reach) / BIN_WIDTH;
    if (at >= (double)b->bins) return;
    if (at < 0) {
        b->below[set] += weight;
        return;
    }
    size_t bin = (size_t)at;
    double distance = place - (((double)bin + 0.5) * BIN_WIDTH - b->reach);
    double *moment = b->moment + bin * 2 * BIN_TERMS + set;
    for (int p = 0; p < BIN_TERMS; p++) {
        moment[2 * p] += weight;
        weight *= distance * RECIPROCAL[p];
    }
}

static void add_components(joint_bins *b, int set, const component_rows *rows, double ratio,
                           double scale_weight)
{
    for (size_t k = 0; k < rows->components; k++)
        add_place(b, set, rows->lower[k] * rows->inverse_spread[k] * ratio, rows->weight[k] * scale_weight);
}

static double largest_place(const component_rows *rows)
{
    double most = 0;
    for (size_t k = 0; k < rows->components; k++)
        most = fmax(most, fabs(rows->lower[k] * rows->inverse_spread[k]));
    return most;
}

/* Scales from node `first` on; those so small that every place is next to 0 count as 0 exactly. */
static void add_side(joint_bins *b, const part_group *group, double step, int first, int side)
{
    double most = largest_place(&group->rows), total = exp(group->log_rest[0]);
    for (int node = first;; node += side) {
        double log_weight = chi_scale_log_density(node * step, group->df) + log(2 * step);
        double ratio = exp(node * step);
        if (log_weight < LEAST_LOG_WEIGHT) return;
        if (ratio * most < NEXT_TO_ZERO)
            add_place(b, node & 1, 0, exp(log_weight) * total);
        else
            add_components(b, node & 1, &group->rows, ratio, exp(log_weight));
    }
}

/* Normal components have no scale: they belong to both sets. */
static void gather(joint_bins *b, const joint_part *part, int refinement)
{
    for (size_t g = 0; g < part->groups; g++)
        if (isinf(part->group[g].df)) add_components(b, 0, &part->group[g].rows, 1, 1);
    for (size_t m = 0; m < b->bins * BIN_TERMS; m++) b->moment[2 * m + 1] = b->moment[2 * m];
    b->below[1] = b->below[0];
    for (size_t g = 0; g < part->groups; g++) {
        const part_group *group = &part->group[g];
        if (isinf(group->df)) continue;
        add_side(b, group, group->step / refinement, 0, 1);
        add_side(b, group, group->step / refinement, -1, -1);
    }
    for (size_t i = 0; i < b->bins; i++)
        for (size_t set = 0; set < 2; set++)
            b->below[2 * (i + 1) + set] = b->below[2 * i + set] + b->moment[i * 2 * BIN_TERMS + set];
}

att_status joint_bins_open(const joint_part *part, int refinement, joint_bins *bins)
{
    *bins = (joint_bins){.slope = common_slope(part)};
    if (isnan(bins->slope)) return ATT_OK;
    bins->reach = ceil(fabs(bins->slope) * FARTHEST_X + HOPELESS);
    bins->bins = (size_t)(2 * bins->reach / BIN_WIDTH);
    bins->moment = new_block(bins->bins, BIN_TERMS, 2, sizeof(double));
    bins->below = new_block(bins->bins + 1, 2, 1, sizeof(double));
    if (!bins->moment || !bins->below) return ATT_NO_MEMORY;
    gather(bins, part, refinement);
    return ATT_OK;
}

void joint_bins_free(joint_bins *bins)
{
    free(bins->moment);
    free(bins->below);
    *bins = (joint_bins){0};
}

/* The bin that a place is in, within 0 and the number of bins. */
static size_t bin_of(const joint_bins *b, double place)
{
    double at = floor((place + b->reach) / BIN_WIDTH);
    return (size_t)fmin(fmax(at, 0), (double)b->bins);
}

/* M by even and by odd scales, (2, LANES); 0 where the bins do not serve all lanes. */
static int sum_bins(const joint_bins *b, const separation_kernel *kernel, const double *x, double *sum)
{
    double u[LANES], low = INFINITY, high = -INFINITY;
    for (int lane = 0; lane < LANES; lane++) {
        if (fabs(x[lane]) > FARTHEST_X) return 0;
        u[lane] = b->slope * x[lane];
        low = fmin(low, u[lane]);
        high = fmax(high, u[lane]);
    }
    size_t from = bin_of(b, low - CERTAIN), to = bin_of(b, high + HOPELESS + BIN_WIDTH);
    for (int lane = 0; lane < 2 * LANES; lane++) sum[lane] = b->below[2 * from + (size_t)(lane / LANES)];
    double centre = ((double)from + 0.5) * BIN_WIDTH - b->reach;
    kernel->add_bins(b->moment + from * 2 * BIN_TERMS, to - from, centre, u, sum);
    for (int lane = 0; lane < 2 * LANES; lane++)
        if (!(sum[lane] > LEAST_M)) return 0;
    return 1;
}

void joint_bins_given(const joint_bins *bins, const joint_part *part, const separation_kernel *kernel,
                      int refinement, const double *x, given_log *out)
{
    double sum[2 * LANES];
    const double *place = bins->bins > 0 ? x + part->variable[0] * LANES : x;
    if (bins->bins == 0 || !sum_bins(bins, kernel, place, sum)) {
        joint_given(part, kernel, refinement, x, out);
        return;
    }
    for (int lane = 0; lane < LANES; lane++) {
        out->even[lane] = log(sum[lane]);
        out->odd[lane] = log(sum[LANES + lane]);
        out->all[lane] = log(0.5 * (sum[lane] + sum[LANES + lane]));
    }
}
