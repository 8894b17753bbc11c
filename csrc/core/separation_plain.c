/* The kernel of separation.h in plain C. */
#define KERNEL separation_plain
#ifdef __GNUC__
#ifndef __clang__
#pragma GCC optimize("O3,no-math-errno,no-trapping-math")
#endif
#define WIDTH 2
#define SQUARE_ROOT(x) ((reals){sqrt((x)[0]), sqrt((x)[1])})
#else
#define WIDTH 1
#define SQUARE_ROOT(x) sqrt(x)
#endif
#include "separation.inc"
