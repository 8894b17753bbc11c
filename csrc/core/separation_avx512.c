/* The kernel of separation.h for AVX-512; elsewhere an empty file. */
#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq"))), apply_to = function)
#else
#pragma GCC optimize("O3,no-math-errno,no-trapping-math")
#pragma GCC target("avx512f,avx512dq")
#endif

#define KERNEL separation_avx512
#define WIDTH 8
#define SQUARE_ROOT(x) _mm512_sqrt_pd(x)
#include "separation.inc"
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
typedef int nothing_here;
#endif
