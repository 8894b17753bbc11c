/* How does the scale of a t follow from a normal? */
#include "scale_table.h"

#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>

#include "attain/distribution.h"
#include "chi_scale.h"

#define SMALL 1e-10 /* where the series of the incomplete gamma function is its first term */
#define CLOSE 1e-13
#define MOST_STEPS 200
#define MANY 1e5 /* df from which chi^2 is a cubed normal */

/* log P(r <= e^x), r^2 = chi^2 / df. NaN when GSL fails. */
static double log_below(double x, double a)
{
    double square = a * exp(2 * x);
    gsl_sf_result result;
    if (square < SMALL) return a * (log(a) + 2 * x) - gsl_sf_lngamma(a + 1) - square * a / (a + 1);
    if (gsl_sf_gamma_inc_P_e(a, square, &result) != GSL_SUCCESS) return NAN;
    return log(result.val);
}

static double log_above(double x, double a)
{
    gsl_sf_result result;
    if (gsl_sf_gamma_inc_Q_e(a, a * exp(2 * x), &result) != GSL_SUCCESS) return NAN;
    return log(result.val);
}

/* x = log r beyond which the probability is that of a normal below z, from a start; slope: dx/dz. The log of either
 * tail is concave in x, so Newton's method converges from any start. */
static int place_of(double z, double df, double *x, double *slope)
{
    int lower = z > 0; /* a large scale is a small r */
    double wanted = att_log_tail(z, INFINITY, lower ? ATT_UPPER : ATT_LOWER), step = INFINITY;
    for (int i = 0; i < MOST_STEPS && !(fabs(step) < CLOSE * fmax(1, fabs(*x))); i++) {
        double tail = lower ? log_below(*x, 0.5 * df) : log_above(*x, 0.5 * df);
        double rate = exp(chi_scale_log_density(*x, df) - tail);
        if (!(rate > 0)) return 0;
        step = (wanted - tail) / (lower ? rate : -rate);
        *x += fmin(fmax(step, -1 - fabs(*x)), 1 + fabs(*x));
    }
    *slope = -exp(att_log_density(z, INFINITY) - chi_scale_log_density(*x, df));
    return fabs(step) < 1e-9;
}

/* The same by Wilson & Hilferty (1931): chi^2 / df is nearly the cube of a normal of variance 2 / (9 df). */
static int place_of_many(double z, double df, double *x, double *slope)
{
    double variance = 2 / (9 * df), root = 1 - variance - z * sqrt(variance);
    *x = 1.5 * log(root);
    *slope = -1.5 * sqrt(variance) / root;
    return 1;
}

/* log s and its slope in z, times the width of a cell, at the nodes on one side of 0. */
static int fill_side(double df, int side, double value[SCALE_CELLS + 1], double slope[SCALE_CELLS + 1])
{
    const double width = 2 * SCALE_FARTHEST / SCALE_CELLS;
    double x = 0, rate;
    for (int i = SCALE_CELLS / 2; i >= 0 && i <= SCALE_CELLS; i += side) {
        double z = (i - SCALE_CELLS / 2) * width;
        if (!(df < MANY ? place_of(z, df, &x, &rate) : place_of_many(z, df, &x, &rate))) return 0;
        value[i] = -x;
        slope[i] = -rate * width;
    }
    return 1;
}

att_status scale_table_fill(double df, double *table)
{
    double value[SCALE_CELLS + 1] = {0}, slope[SCALE_CELLS + 1] = {0};
    if (isfinite(df) && !(fill_side(df, 1, value, slope) && fill_side(df, -1, value, slope)))
        return ATT_NO_CONVERGENCE;
    for (int i = 0; i < SCALE_CELLS; i++) {
        double rise = value[i + 1] - value[i];
        table[4 * i] = value[i];
        table[4 * i + 1] = slope[i];
        table[4 * i + 2] = 3 * rise - 2 * slope[i] - slope[i + 1];
        table[4 * i + 3] = slope[i] + slope[i + 1] - 2 * rise;
    }
    return ATT_OK;
}
