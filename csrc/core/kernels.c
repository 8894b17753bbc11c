/* Which kernels does this machine run, and which of them fastest? */
#include "kernels.h"

#if defined(__GNUC__) && defined(__x86_64__)
static att_instructions fastest(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return ATT_AVX512;
    return __builtin_cpu_supports("avx2") ? ATT_AVX2 : ATT_PLAIN;
}

static const separation_kernel *const SEPARATION[] = {
    [ATT_PLAIN] = &separation_plain, [ATT_AVX2] = &separation_avx2, [ATT_AVX512] = &separation_avx512};
static const path_kernel *const PATH[] = {
    [ATT_PLAIN] = &path_plain, [ATT_AVX2] = &path_avx2, [ATT_AVX512] = &path_avx512};
#else
static att_instructions fastest(void)
{
    return ATT_PLAIN;
}

static const separation_kernel *const SEPARATION[] = {[ATT_PLAIN] = &separation_plain};
static const path_kernel *const PATH[] = {[ATT_PLAIN] = &path_plain};
#endif

const separation_kernel *separation_choose(void)
{
    return SEPARATION[fastest()];
}

const path_kernel *path_choose(att_instructions instructions)
{
    att_instructions most = fastest();
    if (instructions == ATT_FASTEST) return PATH[most];
    return (unsigned)instructions <= (unsigned)most ? PATH[instructions] : NULL;
}
