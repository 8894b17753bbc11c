/* What do places that are gathered in bins add up to? */
#include "joint_bins.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"

#define CERTAIN 9.0   /* Phi of it is 1 */
#define HOPELESS 10.0 /* Phi of minus it is nothing beside 1e-10 */

/* 1 / ((p + 1) (p + 2)), from moment p to moment p + 2. */
static const double ON_BY_TWO[BIN_TERMS] = {1.0 / 2,  1.0 / 6,  1.0 / 12, 1.0 / 20,  1.0 / 30,  1.0 / 42,
                                            1.0 / 56, 1.0 / 72, 1.0 / 90, 1.0 / 110, 1.0 / 132, 1.0 / 156};

att_status joint_bins_open(double slope, joint_bins *bins)
{
    *bins = (joint_bins){.slope = slope, .reach = ceil(fabs(slope) * BINS_FARTHEST_X + HOPELESS)};
    bins->bins = (size_t)(2 * bins->reach / BIN_WIDTH);
    bins->moment = new_block(bins->bins, BIN_TERMS, 1, sizeof(double));
    bins->below = new_block(bins->bins + 1, 1, 1, sizeof(double));
    return bins->moment && bins->below ? ATT_OK : ATT_NO_MEMORY;
}

/* Places beyond the bins count as certain, or as nothing. */
void joint_bins_put(joint_bins *b, double place, double weight)
{
    double at = (place + b->reach) / BIN_WIDTH;
    if (at >= (double)b->bins) return;
    if (at < 0) {
        b->below[0] += weight;
        return;
    }
    size_t bin = (size_t)at;
    double distance = place - (((double)bin + 0.5) * BIN_WIDTH - b->reach);
    double *moment = b->moment + bin * BIN_TERMS, square = distance * distance, even = weight,
           odd = weight * distance;
    for (int p = 0; p < BIN_TERMS; p += 2) { /* two chains of products: each waits for its last one */
        moment[p] += even;
        moment[p + 1] += odd;
        even *= square * ON_BY_TWO[p];
        odd *= square * ON_BY_TWO[p + 1];
    }
}

void joint_bins_close(joint_bins *b)
{
    for (size_t i = 0; i < b->bins; i++) b->below[i + 1] = b->below[i] + b->moment[i * BIN_TERMS];
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

void joint_bins_add(const joint_bins *b, const separation_kernel *kernel, const double *x, double *sum)
{
    double u[LANES], low = INFINITY, high = -INFINITY;
    for (int lane = 0; lane < LANES; lane++) {
        u[lane] = b->slope * x[lane];
        low = fmin(low, u[lane]);
        high = fmax(high, u[lane]);
    }
    size_t from = bin_of(b, low - CERTAIN), to = bin_of(b, high + HOPELESS + BIN_WIDTH);
    for (int lane = 0; lane < LANES; lane++) sum[lane] += b->below[from];
    double centre = ((double)from + 0.5) * BIN_WIDTH - b->reach;
    kernel->add_bins(b->moment + from * BIN_TERMS, to - from, centre, u, sum);
}
