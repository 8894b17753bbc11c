/* What is the sum, to the last bit? */
#include "exact_sum.h"

#include <math.h>
#include <string.h>

#include "attain/simulate.h"

#define DIGIT 32
#define LEAST_EXPONENT (-1074) /* of a double's last bit: that of digit 0 */

void exact_sum_add(int64_t *sum, double x)
{
    uint64_t bits, mantissa;
    memcpy(&bits, &x, sizeof bits);
    unsigned exponent = (unsigned)(bits >> 52) & 0x7ff;
    mantissa = bits & 0x000fffffffffffff;
    if (exponent > 0) mantissa |= 0x0010000000000000;
    unsigned place = exponent > 0 ? exponent - 1 : 0, shift = place % DIGIT;
    int64_t *at = sum + place / DIGIT, sign = bits >> 63 ? -1 : 1;
    uint64_t low = mantissa & 0xffffffff, high = mantissa >> DIGIT;
    low <<= shift;
    high <<= shift;
    at[0] += sign * (int64_t)(low & 0xffffffff);
    at[1] += sign * (int64_t)((low >> DIGIT) + (high & 0xffffffff));
    if (high >> DIGIT) at[2] += sign * (int64_t)(high >> DIGIT);
}

/* Writes the digits, carried: each but the highest in 0 .. 2^32 - 1; returns the sign of the sum. */
static int carried(const int64_t *sum, int64_t sign, int64_t *digit)
{
    int64_t carry = 0;
    for (int i = 0; i < ATT_SUM_LIMBS; i++) {
        int64_t total = sign * sum[i] + carry;
        digit[i] = i + 1 < ATT_SUM_LIMBS ? total & 0xffffffff : total;
        carry = (total - digit[i]) / ((int64_t)1 << DIGIT);
    }
    return digit[ATT_SUM_LIMBS - 1] < 0 ? -1 : 1;
}

double att_tally_sum(const int64_t *sum)
{
    int64_t digit[ATT_SUM_LIMBS];
    double total = 0, sign = 1;
    if (carried(sum, 1, digit) < 0) {
        carried(sum, -1, digit);
        sign = -1;
    }
    for (int i = ATT_SUM_LIMBS - 1; i >= 0; i--) total += ldexp((double)digit[i], LEAST_EXPONENT + DIGIT * i);
    return sign * total;
}
