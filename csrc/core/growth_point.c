/* Components of all points become one mixture: weights of sum 1, and nothing in it that is not finite. */
#include "growth_point.h"

#include <math.h>

void growth_normalise(double *weight, size_t count)
{
    double top = weight[0], sum = 0;
    for (size_t g = 1; g < count; g++) top = fmax(top, weight[g]);
    for (size_t g = 0; g < count; g++) sum += weight[g] = exp(weight[g] - top);
    for (size_t g = 0; g < count; g++) weight[g] /= sum;
}

int growth_all_finite(const double *value, size_t count)
{
    size_t i = 0;
    while (i < count && isfinite(value[i])) i++;
    return i == count;
}
