/* How large is an integral that may be 1e-300 of anything that its ends show?
 *
 * First the peak: a window of LANES places moves to where the integrand is largest, and narrows until the integrand
 * varies little in it. Then the ends, where it has fallen by FALL below the peak. Then Gauss-Legendre panels of LANES
 * nodes on either side, halved where the halves disagree with the whole.
 */
#include "log_quadrature.h"

#include <math.h>

#define FALL 45.0
#define FLAT 1.0
#define ROUNDING 1e-12
#define ALL_NOISE (-1e14) /* a log whose rounding exceeds what integrating could add */
#define MAX_WINDOWS 400
#define MAX_PANELS 3000
#define MAX_DEPTH 60
#define CLOSE_ENOUGH 1e-12
#define NOISE 2e-15 /* of a value, for each unit of its log */
#define HALF (LANES / 2)

/* Gauss-Legendre of 16 nodes on (-1, 1), the positive ones (numpy.polynomial.legendre.leggauss). */
static const double NODE[HALF] = {0.09501250983763744, 0.2816035507792589, 0.45801677765722737,
                                  0.6178762444026438,  0.755404408355003,  0.8656312023878318,
                                  0.9445750230732326,  0.9894009349916499};
static const double SHARE[HALF] = {0.18945061045506864,  0.18260341504492364, 0.16915651939500265,
                                   0.1495959888165767,   0.12462897125553407, 0.0951585116824926,
                                   0.062253523938647456, 0.027152459411754176};

typedef struct {
    const log_integral *integral;
    double peak, top; /* the place of the largest value met, and that value */
    double breadth;   /* of a window about the peak in which the integrand varies little */
    double sum;       /* of panels finished, over exp(top) */
    int panels;
} quadrature;

static double clipped(const log_integral *integral, double x)
{
    return fmin(fmax(x, integral->low), integral->high);
}

/* Evaluates a window; returns the index of its largest value. */
static att_status look(const quadrature *q, double *x, double *value, int *best)
{
    double low = clipped(q->integral, q->peak - q->breadth),
           high = clipped(q->integral, q->peak + q->breadth);
    for (int k = 0; k < LANES; k++) x[k] = low + (high - low) * ((k + 0.5) / LANES);
    att_status status = q->integral->evaluate(q->integral->context, x, value);
    *best = 0;
    for (int k = 1; k < LANES; k++)
        if (value[k] > value[*best]) *best = k;
    return status;
}

/* Whether the window is narrow enough, or as narrow as doubles allow. */
static int is_flat(const quadrature *q, const double *value, int best)
{
    double least = fmin(value[0], value[LANES - 1]);
    return value[best] - least < FLAT + ROUNDING * fabs(value[best]) ||
           q->breadth < 1e-14 * fmax(fabs(q->peak), 1e-290);
}

static att_status find_peak(quadrature *q)
{
    double x[LANES], value[LANES];
    int best;
    for (int windows = 0; windows < MAX_WINDOWS; windows++) {
        att_status status = look(q, x, value, &best);
        if (status != ATT_OK) return status;
        double spacing = x[1] - x[0];
        int at_end = (best == 0 && x[0] - spacing > q->integral->low) ||
                     (best == LANES - 1 && x[LANES - 1] + spacing < q->integral->high);
        q->peak = x[best];
        q->top = value[best];
        if (!at_end && is_flat(q, value, best)) return ATT_OK;
        q->breadth = at_end ? 2 * q->breadth : 2 * spacing;
    }
    return ATT_NO_CONVERGENCE;
}

/* The place on one side (1 or -1) of the peak where the integrand has fallen by FALL, or its end. */
static att_status find_end(const quadrature *q, double side, double *end)
{
    double x[LANES], value[LANES], step = q->breadth, last = side > 0 ? q->integral->high : q->integral->low;
    for (int windows = 0; windows < MAX_WINDOWS; windows++) {
        for (int k = 0; k < LANES; k++) x[k] = clipped(q->integral, q->peak + side * ldexp(step, k));
        att_status status = q->integral->evaluate(q->integral->context, x, value);
        if (status != ATT_OK) return status;
        for (int k = 0; k < LANES; k++) {
            *end = x[k];
            if (x[k] == last || value[k] < q->top - FALL) return ATT_OK;
        }
        step = ldexp(step, LANES);
    }
    return ATT_NO_CONVERGENCE;
}

static att_status panel(quadrature *q, double low, double high, double *sum)
{
    double x[LANES], value[LANES], centre = 0.5 * (low + high), radius = 0.5 * (high - low);
    for (int k = 0; k < HALF; k++) {
        x[k] = centre - radius * NODE[k];
        x[HALF + k] = centre + radius * NODE[k];
    }
    att_status status = q->integral->evaluate(q->integral->context, x, value);
    *sum = 0;
    for (int k = 0; k < HALF; k++)
        *sum += SHARE[k] * (exp(value[k] - q->top) + exp(value[HALF + k] - q->top));
    *sum *= radius;
    return ++q->panels > MAX_PANELS && status == ATT_OK ? ATT_NO_CONVERGENCE : status;
}

typedef struct {
    double low, high, sum;
} part;

/* Halves panels until halves and whole agree. */
static att_status integrate(quadrature *q, double low, double high)
{
    part stack[MAX_DEPTH + 2];
    int depth = 0;
    double tolerance = CLOSE_ENOUGH + NOISE * fabs(q->top);
    stack[0] = (part){low, high, 0};
    att_status status = panel(q, low, high, &stack[0].sum);
    while (status == ATT_OK && depth >= 0) {
        part whole = stack[depth--];
        double middle = 0.5 * (whole.low + whole.high), left, right;
        status = panel(q, whole.low, middle, &left);
        if (status == ATT_OK) status = panel(q, middle, whole.high, &right);
        if (status != ATT_OK) break;
        double change = fabs(left + right - whole.sum), scale = q->sum + left + right;
        if (change <= tolerance * scale || depth + 2 > MAX_DEPTH) {
            q->sum += left + right;
        } else {
            stack[++depth] = (part){middle, whole.high, right};
            stack[++depth] = (part){whole.low, middle, left};
        }
    }
    return status;
}

att_status log_quadrature(const log_integral *integral, double *log_value)
{
    quadrature q = {.integral = integral, .peak = clipped(integral, integral->start), .top = -INFINITY};
    double low, high;
    q.breadth = integral->breadth;
    att_status status = find_peak(&q);
    *log_value = -INFINITY;
    if (status == ATT_OK && q.top <= LOG_NOTHING) return ATT_OK;
    if (status == ATT_OK && q.top < ALL_NOISE) {
        *log_value = q.top;
        return ATT_OK;
    }
    if (status == ATT_OK) status = find_end(&q, -1, &low);
    if (status == ATT_OK) status = find_end(&q, 1, &high);
    if (status == ATT_OK) status = integrate(&q, q.peak, high);
    if (status == ATT_OK) status = integrate(&q, low, q.peak);
    if (status == ATT_OK) *log_value = q.top + log(q.sum);
    return status;
}
