/* Which scales of a multivariate t matter to a rectangle, and how are they drawn? */
#include "chi_scale.h"

#include <math.h>

#include <gsl/gsl_sf_gamma.h>

#define PI 3.14159265358979323846
#define LOG_2 0.69314718055994530942
#define FALL 34.0 /* what lies as far below the peak is left out: less than 1e-14 of the whole */
#define GROWTH 1.25
#define NODES_A_SIDE ((CHI_SCALE_NODES - 1) / 2)
#define FARTHEST 700.0 /* exp() of it is a double */

/* a log a - a - lgamma(a), by Stirling's series where the difference would cancel. */
static double log_constant(double a)
{
    if (a < 20) return a * log(a) - a - gsl_sf_lngamma(a);
    double v = 1 / a, w = v * v;
    return 0.5 * log(0.5 * a / PI) - v * (1.0 / 12 - w * (1.0 / 360 - w * (1.0 / 1260 - w / 1680)));
}

/* x + 1 - exp(x). */
static double droop(double x)
{
    if (fabs(x) > 0.01) return x - expm1(x);
    return -x * x * (1.0 / 2 + x * (1.0 / 6 + x * (1.0 / 24 + x * (1.0 / 120 + x / 720))));
}

double chi_scale_log_density(double s, double df)
{
    double a = 0.5 * df;
    return LOG_2 + log_constant(a) + a * droop(2 * s);
}

typedef struct {
    tilt_work *tilt;
    double df;
} chi_context;

static double rough(const chi_context *c, double s)
{
    double psi;
    rectangle_tilt(c->tilt, exp(s), &psi);
    return chi_scale_log_density(s, c->df) + psi;
}

/* The peak, by steps that double while they lead upwards and halve when neither side does. */
static double climb(const chi_context *c)
{
    double s = 0, top = rough(c, s), step = 0.5 / sqrt(1 + c->df);
    double least = 0.02 / sqrt(1 + c->df);
    while (step > least && fabs(s) < FARTHEST) {
        double left = rough(c, s - step), right = rough(c, s + step), best = fmax(left, right);
        if (best > top) {
            s += left > right ? -step : step;
            top = best;
            step *= 2;
        } else {
            step *= 0.25;
        }
    }
    return s;
}

/* Nodes away from the peak on one side, farther and farther apart; returns how many. */
static int walk(const chi_context *c, double peak, double top, double side, double *place, double *value)
{
    double step = 0.2 / sqrt(1 + c->df), s = peak;
    int count = 0;
    while (count < NODES_A_SIDE) {
        s += side * step;
        if (fabs(s) > FARTHEST) break;
        place[count] = s;
        value[count] = rough(c, s);
        if (value[count++] < top - FALL) break;
        step *= GROWTH;
    }
    return count;
}

/* integral from 0 to 1 of exp(rise t). */
static double mean_exponential(double rise)
{
    return fabs(rise) < 1e-8 ? 1 + 0.5 * rise : expm1(rise) / rise;
}

static void normalise(chi_scale_proposal *p)
{
    double total = 0, top = p->log_density[0];
    for (int i = 1; i < p->nodes; i++) top = fmax(top, p->log_density[i]);
    for (int i = 0; i < p->nodes; i++) {
        p->log_density[i] -= top;
        p->below[i] = total;
        if (i + 1 == p->nodes) break;
        double next = p->log_density[i + 1] - top;
        double rise = next - p->log_density[i];
        total += (p->place[i + 1] - p->place[i]) * exp(p->log_density[i]) * mean_exponential(rise);
    }
    for (int i = 0; i < p->nodes; i++) {
        p->below[i] /= total;
        p->log_density[i] -= log(total);
    }
}

void chi_scale_propose(tilt_work *tilt, double df, chi_scale_proposal *p)
{
    chi_context context = {tilt, df};
    double peak = climb(&context), top = rough(&context, peak), place[NODES_A_SIDE], value[NODES_A_SIDE];
    int left = walk(&context, peak, top, -1, place, value);
    for (int i = 0; i < left; i++) {
        p->place[left - 1 - i] = place[i];
        p->log_density[left - 1 - i] = value[i];
    }
    p->place[left] = peak;
    p->log_density[left] = top;
    p->nodes = left + 1 + walk(&context, peak, top, 1, p->place + left + 1, p->log_density + left + 1);
    normalise(p);
}

double chi_scale_draw(const chi_scale_proposal *p, double u, double *log_density)
{
    int low = 0, high = p->nodes - 1;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (p->below[middle] <= u)
            low = middle;
        else
            high = middle;
    }
    double width = p->place[high] - p->place[low], rise = p->log_density[high] - p->log_density[low];
    double share = (u - p->below[low]) / (width * exp(p->log_density[low]));
    double part = fabs(rise) < 1e-8 ? share : log1p(fmax(rise * share, -1 + 1e-16)) / rise;
    part = fmin(fmax(part, 0), 1);
    *log_density = p->log_density[low] + part * rise;
    return p->place[low] + part * width;
}
