/* Which of the kernels of separation.h does this machine run fastest? */
#include "separation.h"

#if defined(__GNUC__) && defined(__x86_64__)
const separation_kernel *separation_choose(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return &separation_avx512;
    return __builtin_cpu_supports("avx2") ? &separation_avx2 : &separation_plain;
}
#else
const separation_kernel *separation_choose(void)
{
    return &separation_plain;
}
#endif
