/* Cholesky factorisation and forward substitution: L L' = A, then x = L^-1 b row by row, or x = L'^-1 b from the
 * last row up. */
#include "dense.h"

#include <math.h>

double dense_dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

double dense_cholesky(double *a, size_t n, double tolerance)
{
    double log_det = 0, product = 1;
    for (size_t i = 0; i < n; i++) {
        double *row = a + i * n;
        for (size_t j = 0; j < i; j++) row[j] = (row[j] - dense_dot(row, a + j * n, j)) / a[j * n + j];
        double pivot = row[i] - dense_dot(row, row, i);
        if (!(pivot > tolerance * row[i])) return NAN;
        row[i] = sqrt(pivot);
        product *= pivot; /* one logarithm serves many pivots, as long as their product stays a double */
        if (product < 1e-100 || product > 1e100) {
            log_det += log(product);
            product = 1;
        }
    }
    return log_det + log(product);
}

void dense_forward(const double *lower, size_t n, double *b, size_t count)
{
    for (size_t i = 0; i < n; i++) {
        const double *row = lower + i * n;
        double *target = b + i * count;
        if (count == 1) {
            b[i] = (b[i] - dense_dot(row, b, i)) / row[i];
            continue;
        }
        for (size_t j = 0; j < i; j++) {
            for (size_t k = 0; k < count; k++) target[k] -= row[j] * b[j * count + k];
        }
        for (size_t k = 0; k < count; k++) target[k] /= row[i];
    }
}

void dense_backward(const double *lower, size_t n, double *b)
{
    for (size_t i = n; i-- > 0;) {
        b[i] /= lower[i * n + i];
        for (size_t j = 0; j < i; j++) b[j] -= lower[i * n + j] * b[i];
    }
}
