/* The standard normal and the standard Student t: log tails, log density, quantiles.
 *
 * df = INFINITY is the normal everywhere. Domain: df >= 0.1, infinity included, and any x, infinity included;
 * outside it, and for NaN, the result is NaN. Log tails and densities are right to 1e-12 of their own size,
 * also where the probability is next to one; a quantile is right to 1e-12 of the log of its smaller tail
 * (docs/accuracy.md). A result beyond the doubles is -INFINITY, 0 or +-INFINITY: the log tail of the normal
 * from |x| = 1.9e154, a log tail closer to 0 than 1e-308, a quantile above 1.7e308.
 * Reference: NIST Digital Library of Mathematical Functions 8.17.8 and 15.7.1; derivation in the source.
 */
#ifndef ATTAIN_DISTRIBUTION_H
#define ATTAIN_DISTRIBUTION_H

typedef enum { ATT_LOWER, ATT_UPPER } att_side;

/* log P(X <= x) for ATT_LOWER, log P(X >= x) for ATT_UPPER. */
double att_log_tail(double x, double df, att_side side);

/* log of the density at x. */
double att_log_density(double x, double df);

/* x with P(X <= x) = p (ATT_LOWER) or P(X >= x) = p (ATT_UPPER); 0 < p < 1, given as log_p = log(p) so that
 * p may be as small as 1e-300000, or as close to one as 1 - 1e-300. */
double att_quantile(double log_p, double df, att_side side);

#endif
