/* The kernel of separation.h for AVX2; elsewhere an empty file. */
#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC optimize("O3,no-math-errno,no-trapping-math")
#pragma GCC target("avx2")
#endif

#define KERNEL separation_avx2
#define WIDTH 4
#define SQUARE_ROOT(x) _mm256_sqrt_pd(x)
#include "separation.inc"
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
typedef int nothing_here;
#endif
