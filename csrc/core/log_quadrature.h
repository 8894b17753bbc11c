/* The log of an integral whose integrand has one peak, wherever that is and however small. */
#ifndef ATTAIN_CORE_LOG_QUADRATURE_H
#define ATTAIN_CORE_LOG_QUADRATURE_H

#include "attain/status.h"
#include "separation.h"

/* Writes the log of the integrand at LANES places; LOG_NOTHING or less where it is 0. */
typedef att_status log_integrand(void *context, const double *x, double *log_value);

typedef struct {
    log_integrand *evaluate;
    void *context;
    double low, high;      /* the interval, low < high; either end may be infinite */
    double start, breadth; /* a guess at the peak, and how far around it to look first */
} log_integral;

/* Writes the log of the integral, relative error below 1e-11 and another 2e-15 for each unit of the log;
 * -INFINITY when no value above LOG_NOTHING is found. The integrand is taken to rise to one peak and
 * to fall from it. ATT_NO_CONVERGENCE when 3000 panels do not suffice; else what evaluate returns. */
att_status log_quadrature(const log_integral *integral, double *log_value);

#endif
