/* Small dense linear algebra on row-major arrays, for matrices of tens of rows. */
#ifndef ATTAIN_CORE_DENSE_H
#define ATTAIN_CORE_DENSE_H

#include <stddef.h>

/* Replaces the lower triangle of the symmetric positive definite a (n, n) by its Cholesky factor L and
 * returns log det a; NaN, with a half done, when a pivot falls below `tolerance` times its diagonal entry.
 * The upper triangle is neither read nor written. */
double dense_cholesky(double *a, size_t n, double tolerance);

/* Solves L x = b in place for `count` right-hand sides, b (n, count). */
void dense_forward(const double *lower, size_t n, double *b, size_t count);

/* Solves L' x = b in place, b (n). */
void dense_backward(const double *lower, size_t n, double *b);

/* Sum of a[i] b[i]. */
double dense_dot(const double *a, const double *b, size_t n);

#endif
