/* Where are the points of the lattice? Their generating vector, shifts and places in the sequence. */
#include "lattice.h"

#include <math.h>

#include "lattice_vector.h"

size_t lattice_most_points(void)
{
    return LATTICE_MOST_POINTS;
}

void lattice_vector(size_t dimensions, double *vector)
{
    for (size_t j = 0; j < dimensions; j++) vector[j] = LATTICE_VECTOR[j];
}

void lattice_shifts(uint64_t seed, size_t count, size_t dimensions, double *shift)
{
    for (size_t i = 0; i < count; i++) {
        att_stream stream = att_stream_open(seed, 0, i);
        for (size_t j = 0; j < dimensions; j++)
            *shift++ = (2.0 * (double)(att_stream_next(&stream) >> 32) + 1) * 0x1p-33;
    }
}

double lattice_tent(double x)
{
    return 2 * fabs(x - rint(x));
}

static double mirrored(size_t k)
{
    double place = 0, bit = 0.5;
    for (; k > 0; k >>= 1, bit *= 0.5)
        if (k & 1) place += bit;
    return place;
}

void lattice_places(size_t first, size_t count, double *place)
{
    for (size_t k = 0; k < count; k++) place[k] = mirrored(first + k);
}
