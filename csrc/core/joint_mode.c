/* Where is the integrand largest? Newton's method; derivatives are differences of values, LANES of them at a time. */
#include "joint_mode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_eigen.h>

#include "memory.h"

#define DIFFERENCE 0.25
#define MOST_STEPS 25
#define CLOSE 0.02
#define LOG_SQRT_2PI 0.91893853320467274178
#define LEAST_CURVATURE 1.0 /* that of the normal alone */
#define MOST_CURVATURE 20.0

void joint_integrand_at(joint_integrand *g, const double *x, given_log *out)
{
    given_log one;
    for (int lane = 0; lane < LANES; lane++) {
        double density = -LOG_SQRT_2PI * (double)g->variables;
        for (size_t v = 0; v < g->variables; v++)
            density -= 0.5 * x[v * LANES + (size_t)lane] * x[v * LANES + (size_t)lane];
        out->all[lane] = out->even[lane] = out->odd[lane] = density;
    }
    for (size_t i = 0; i < g->parts; i++) {
        joint_given(&g->part[i], g->kernel, g->refinement, x, &one);
        for (int lane = 0; lane < LANES; lane++) {
            out->all[lane] += one.all[lane];
            out->even[lane] += one.even[lane];
            out->odd[lane] += one.odd[lane];
        }
    }
    g->points += LANES;
}

typedef struct {
    joint_integrand *g;
    size_t n;
    double *x;                        /* (n, LANES), the block */
    double *mode, *gradient, *step;   /* (n) */
    double *curve;                    /* (n, n): minus the second derivatives */
    double *single, *pair;            /* (2, n) values at +-DIFFERENCE; (n, n) at both + */
    gsl_eigen_symmv_workspace *eigen; /* with its vector and matrix */
    gsl_vector *value;
    gsl_matrix *vector, *matrix;
} mode_work;

/* Which differences a place stands for: variables a and b moved by sign_a and sign_b; b == n: none. */
typedef struct {
    size_t a, b;
    double sign;
} displacement;

static displacement displacement_of(size_t number, size_t n)
{
    if (number < 2 * n) return (displacement){number / 2, n, number % 2 ? -1 : 1};
    size_t a = 1, pair = number - 2 * n;
    while (pair >= a) pair -= a++;
    return (displacement){a, pair, 1};
}

/* Values at all displacements of the mode, a block at a time. */
static void evaluate_around(mode_work *w, double *centre)
{
    size_t n = w->n, count = 2 * n + n * (n - 1) / 2;
    given_log value;
    for (size_t first = 0; first < count + 1; first += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            for (size_t v = 0; v < n; v++) w->x[v * LANES + lane] = w->mode[v];
            if (first + lane >= count) continue;
            displacement d = displacement_of(first + lane, n);
            w->x[d.a * LANES + lane] += d.sign * DIFFERENCE;
            if (d.b < n) w->x[d.b * LANES + lane] += DIFFERENCE;
        }
        joint_integrand_at(w->g, w->x, &value);
        for (size_t lane = 0; lane < LANES && first + lane <= count; lane++) {
            size_t number = first + lane;
            if (number == count) {
                *centre = value.all[lane];
                continue;
            }
            displacement d = displacement_of(number, n);
            if (d.b < n)
                w->pair[d.a * n + d.b] = value.all[lane];
            else
                w->single[(d.sign > 0 ? 0 : n) + d.a] = value.all[lane];
        }
    }
}

static void differentiate(mode_work *w, double centre)
{
    size_t n = w->n;
    for (size_t a = 0; a < n; a++) {
        double up = w->single[a], down = w->single[n + a];
        w->gradient[a] = (up - down) / (2 * DIFFERENCE);
        w->curve[a * n + a] = -(up - 2 * centre + down) / (DIFFERENCE * DIFFERENCE);
        for (size_t b = 0; b < a; b++) {
            double both = w->pair[a * n + b];
            w->curve[a * n + b] = w->curve[b * n + a] =
                -(both - up - w->single[b] + centre) / (DIFFERENCE * DIFFERENCE);
        }
    }
}

/* Eigenvalues and vectors of the curvature, limited to what is plausible. */
static att_status decompose(mode_work *w)
{
    size_t n = w->n;
    for (size_t c = 0; c < n * n; c++)
        if (!isfinite(w->curve[c]) || fabs(w->curve[c]) > 1e100) w->curve[c] = c % (n + 1) == 0 ? 1 : 0;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) gsl_matrix_set(w->matrix, a, b, w->curve[a * n + b]);
    if (gsl_eigen_symmv(w->matrix, w->value, w->vector, w->eigen) != 0) return ATT_NO_CONVERGENCE;
    for (size_t a = 0; a < n; a++) {
        double value = fmin(fmax(gsl_vector_get(w->value, a), LEAST_CURVATURE), MOST_CURVATURE);
        gsl_vector_set(w->value, a, value);
    }
    return ATT_OK;
}

static void newton_step(mode_work *w)
{
    size_t n = w->n;
    for (size_t v = 0; v < n; v++) w->step[v] = 0;
    for (size_t a = 0; a < n; a++) {
        double slope = 0;
        for (size_t v = 0; v < n; v++) slope += gsl_matrix_get(w->vector, v, a) * w->gradient[v];
        slope /= gsl_vector_get(w->value, a);
        for (size_t v = 0; v < n; v++) w->step[v] += gsl_matrix_get(w->vector, v, a) * slope;
    }
}

/* Moves to the best of LANES places along the step; returns how far that was. */
static double move(mode_work *w)
{
    given_log value;
    double length = 0, part[LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
        part[lane] = 4.0 * (double)lane / LANES * (double)lane / LANES; /* 0 to 3.5, 1 among them */
        for (size_t v = 0; v < w->n; v++) w->x[v * LANES + lane] = w->mode[v] + part[lane] * w->step[v];
    }
    joint_integrand_at(w->g, w->x, &value);
    int best = 0;
    for (int lane = 1; lane < LANES; lane++)
        if (value.all[lane] > value.all[best]) best = lane;
    for (size_t v = 0; v < w->n; v++) {
        double moved = part[best] * w->step[v];
        w->mode[v] += moved;
        length = hypot(length, moved);
    }
    return length;
}

static att_status climb(mode_work *w)
{
    att_status status = ATT_OK;
    double length = INFINITY, centre = 0;
    for (int steps = 0; status == ATT_OK; steps++) {
        evaluate_around(w, &centre);
        differentiate(w, centre);
        status = decompose(w);
        if (status != ATT_OK || length < CLOSE || steps == MOST_STEPS) break;
        newton_step(w);
        length = move(w);
    }
    return status;
}

/* A A' = inverse of the curvature, A = its vectors over the roots of its values. */
static void write_factor(const mode_work *w, double *factor)
{
    for (size_t v = 0; v < w->n; v++)
        for (size_t a = 0; a < w->n; a++)
            factor[v * w->n + a] = gsl_matrix_get(w->vector, v, a) / sqrt(gsl_vector_get(w->value, a));
}

static int open_work(mode_work *w)
{
    size_t n = w->n;
    w->x = new_block(n, LANES, 1, sizeof(double));
    w->gradient = new_block(n, 2 * n + 4, 1, sizeof(double));
    w->eigen = gsl_eigen_symmv_alloc(n);
    w->value = gsl_vector_alloc(n);
    w->vector = gsl_matrix_alloc(n, n);
    w->matrix = gsl_matrix_alloc(n, n);
    if (!w->x || !w->gradient || !w->eigen || !w->value || !w->vector || !w->matrix) return 0;
    w->step = w->gradient + n;
    w->single = w->step + n;
    w->pair = w->single + 2 * n;
    w->curve = w->pair + n * n;
    return 1;
}

static void free_work(mode_work *w)
{
    free(w->x);
    free(w->gradient);
    if (w->eigen) gsl_eigen_symmv_free(w->eigen);
    if (w->value) gsl_vector_free(w->value);
    if (w->vector) gsl_matrix_free(w->vector);
    if (w->matrix) gsl_matrix_free(w->matrix);
}

att_status joint_mode(joint_integrand *g, double *mode, double *factor)
{
    mode_work w = {.g = g, .n = g->variables, .mode = mode};
    memset(mode, 0, w.n * sizeof(double));
    att_status status = open_work(&w) ? climb(&w) : ATT_NO_MEMORY;
    if (status == ATT_OK) write_factor(&w, factor);
    free_work(&w);
    return status;
}
