/* A standard normal that is cut to an interval. */
#ifndef ATTAIN_CORE_NORMAL_INTERVAL_H
#define ATTAIN_CORE_NORMAL_INTERVAL_H

/* log P(low <= Z <= high), and the mean and the variance of Z given that; low < high, either may be infinite. Good
 * to some nine digits, which suffices for what steers a computation and does not enter its result. */
typedef struct {
    double log_mass, mean, variance;
} normal_interval;

normal_interval normal_interval_of(double low, double high);

#endif
