/* Which years are coordinates, and how does a component load on them? */
#include "reverse_time.h"

#include <math.h>

#include "dense.h"

#define ROUNDING 1e-13
#define NOT_A_COVARIANCE 1e-9

size_t insert_year(int32_t *year, size_t years, size_t room, int32_t one)
{
    size_t at = 0;
    while (at < years && year[at] > one) at++;
    if (at < years && year[at] == one) return years;
    if (years == room) return room + 1;
    for (size_t j = years; j > at; j--) year[j] = year[j - 1];
    year[at] = one;
    return years + 1;
}

att_status reverse_factor(const att_mixture *mixture, size_t k, size_t n, const size_t *place, double *factor)
{
    size_t horizon = mixture->horizon;
    const double *scale = mixture->scale + k * horizon * horizon;
    for (size_t i = 0; i < n; i++) {
        double *line = factor + i * n, size = scale[place[i] * (horizon + 1)];
        for (size_t j = 0; j <= i; j++) {
            double pivot = factor[j * n + j];
            line[j] = scale[place[i] * horizon + place[j]] - dense_dot(line, factor + j * n, j);
            if (j < i) line[j] = pivot > 0 ? line[j] / pivot : 0;
        }
        if (!(line[i] >= -NOT_A_COVARIANCE * size)) return ATT_BAD_ARGUMENT;
        line[i] = line[i] > ROUNDING * size ? sqrt(line[i]) : 0;
    }
    return ATT_OK;
}
