/* The scale of the multivariate t: X = T / r with T normal and r = sqrt(chi^2 / df), so that bounds on X are
 * bounds on T, times r. It is handled in s = log r, where its density never is infinite, however small df:
 *
 *     log f(s) = log 2 + a log a - lgamma(a) + 2 a s - a exp(2 s),   a = df / 2. */
#ifndef ATTAIN_CORE_CHI_SCALE_H
#define ATTAIN_CORE_CHI_SCALE_H

#include "rectangle_tilt.h"

double chi_scale_log_density(double s, double df);

#define CHI_SCALE_NODES 160

/* An importance density over s: log-linear between nodes. */
typedef struct {
    int nodes;
    double place[CHI_SCALE_NODES], log_density[CHI_SCALE_NODES]; /* normalised */
    double below[CHI_SCALE_NODES];                               /* P(s < place) */
} chi_scale_proposal;

/* Fills it after f(s) times the bound of the tilt on the probability of bounds times exp(s). */
void chi_scale_propose(tilt_work *tilt, double df, chi_scale_proposal *proposal);

/* The place below which the proposal has probability u, 0 < u < 1; writes its log density. */
double chi_scale_draw(const chi_scale_proposal *proposal, double u, double *log_density);

#endif
