/* Points of a randomly shifted rank-1 lattice that can be doubled without losing those already used.
 *
 * Coordinate j of point k is {z_j r(k) + shift_j}, z the generating vector, r(k) the bits of k mirrored at the
 * point: the first 2^m points are the lattice of 2^m points (Cools, Kuo & Nuyens 2006). The vector is made by
 * make_lattice_vector.py. All numbers are multiples of 2^-33 below 2^17, so that a double holds them exactly. The
 * tent transform of the coordinates is the kernel's (separation.h), and lattice_tent().
 */
#ifndef ATTAIN_CORE_LATTICE_H
#define ATTAIN_CORE_LATTICE_H

#include <stddef.h>
#include <stdint.h>

#include "attain/random.h"

/* How many points the vector was made for; its components are 256. */
size_t lattice_most_points(void);

/* Writes the first `dimensions` components of the generating vector. */
void lattice_vector(size_t dimensions, double *vector);

/* Writes random shifts (count, dimensions), odd multiples of 2^-33: no coordinate is 0 or 1 after one. Shift i is that
 * of the stream (seed, 0, i). */
void lattice_shifts(uint64_t seed, size_t count, size_t dimensions, double *shift);

/* The tent of a coordinate with its whole part: twice its distance from the next whole number. */
double lattice_tent(double x);

/* Writes r(first), ..., r(first + count - 1). */
void lattice_places(size_t first, size_t count, double *place);

#endif
