/* What is the mean over random shifts, how sure is it, and is that enough? */
#include "shift_sums.h"

#include <math.h>

#include "lattice.h"

#define FALL 0.5946 /* 2^-3/4 */

void shift_sums_clear(shift_sums *sums)
{
    for (int i = 0; i < SHIFTS; i++) sums->total[i] = (separation_sum){LOG_NOTHING, 0};
    sums->last_error = INFINITY;
}

/* Whoever stops at the first small standard error stops at one that is too small by chance. The one of half the
 * points, which was not small enough, is pooled with it, as it should have fallen: by 2^-3/4, between the rates of
 * random points and of smooth integrands. */
void shift_sums_mean(shift_sums *sums, size_t points, double more, double *log_mean, double *log_error)
{
    double top = -INFINITY, mean[SHIFTS], sum = 0, square = 0;
    for (int i = 0; i < SHIFTS; i++) top = fmax(top, sums->total[i].peak);
    for (int i = 0; i < SHIFTS; i++) {
        mean[i] = sums->total[i].sum * exp(sums->total[i].peak - top) / (double)points;
        sum += mean[i] / SHIFTS;
    }
    for (int i = 0; i < SHIFTS; i++) square += (mean[i] - sum) * (mean[i] - sum);
    int inside = top > LOG_NOTHING / 2 && sum > 0;
    double error = inside ? sqrt(square / (SHIFTS * (SHIFTS - 1))) / sum + more : INFINITY;
    double fallen = FALL * sums->last_error;
    *log_mean = inside ? fmin(top + log(sum), 0) : -INFINITY;
    *log_error = isinf(fallen) ? error : sqrt(0.5 * (error * error + fallen * fallen));
    sums->last_error = error;
}

int is_to_be_doubled(size_t points, double log_error, const att_rectangle_accuracy *accuracy)
{
    return !(log_error <= accuracy->relative_error) && 2 * points <= lattice_most_points() &&
           2 * points <= accuracy->max_points / SHIFTS;
}
