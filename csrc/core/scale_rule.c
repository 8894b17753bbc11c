/* Which few scales stand for all of them? Polynomials are in t = unit (r - 1), of size 1, so that scales that differ by no
 * more than roundings of r keep their digits. */
#include "scale_rule.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_eigen.h>

#include "chi_scale.h"
#include "memory.h"

#define LEAST_LOG_WEIGHT (-55.0)
#define MOST_NODES 20000 /* of the trapezoidal rule */
#define MOST SCALE_RULE_NODES
#define LOG_CRAMER (-0.83586) /* log(1.086435 / sqrt(2 pi)) */

static const size_t NODES[] = {8, 12, 16, 20, 24, 28, MOST};
#define RULES (sizeof NODES / sizeof *NODES)

/* The trapezoidal rule, and monic orthogonal polynomials on it. */
typedef struct {
    size_t nodes;
    double unit;
    double *t, *weight, *now, *before;  /* (nodes) */
    double alpha[MOST], beta[MOST + 1]; /* p_(m+1) = (t - alpha_m) p_m - beta_m p_(m-1); beta_0: the mass */
} measure;

static int counted(double df, double step, int side)
{
    int node = side > 0 ? 0 : -1;
    while (abs(node) < MOST_NODES / 2 &&
           chi_scale_log_density(node * step, df) + log(step) > LEAST_LOG_WEIGHT)
        node += side;
    return abs(node);
}

static int open_measure(measure *m, double df, double step)
{
    int below = counted(df, step, -1), above = counted(df, step, 1);
    m->nodes = (size_t)(below - 1 + above);
    m->unit = fmax(1, sqrt(2 * df));
    m->t = new_block(m->nodes, 4, 1, sizeof(double));
    if (!m->t) return 0;
    m->weight = m->t + m->nodes;
    m->now = m->weight + m->nodes;
    m->before = m->now + m->nodes;
    double total = 0;
    for (size_t i = 0; i < m->nodes; i++) {
        double s = ((double)i - (below - 1)) * step;
        m->t[i] = m->unit * expm1(s);
        total += m->weight[i] = exp(chi_scale_log_density(s, df) + log(step));
    }
    for (size_t i = 0; i < m->nodes; i++) m->weight[i] /= total;
    return 1;
}

/* Stieltjes' procedure (Gautschi 2004, section 2.2.3.1). */
static void find_recurrence(measure *m)
{
    double norm = 1;
    for (size_t i = 0; i < m->nodes; i++) m->now[i] = 1;
    m->beta[0] = 1;
    for (size_t degree = 0; degree < MOST; degree++) {
        double moment = 0, next_norm = 0;
        for (size_t i = 0; i < m->nodes; i++) moment += m->weight[i] * m->t[i] * m->now[i] * m->now[i];
        m->alpha[degree] = moment / norm;
        for (size_t i = 0; i < m->nodes; i++) {
            double last = degree > 0 ? m->beta[degree] * m->before[i] : 0;
            double next = (m->t[i] - m->alpha[degree]) * m->now[i] - last;
            m->before[i] = m->now[i];
            m->now[i] = next;
            next_norm += m->weight[i] * next * next;
        }
        m->beta[degree + 1] = next_norm / norm;
        norm = next_norm;
    }
}

/* The place up to which a rule of n nodes errs by no more than SCALE_RULE_ERROR. */
static double reach_of(const measure *m, size_t n)
{
    double degree = 2 * (double)n, log_rest = LOG_CRAMER + 0.5 * lgamma(degree) - lgamma(degree + 1);
    log_rest -= degree * log(m->unit);
    for (size_t j = 1; j <= n; j++) log_rest += log(m->beta[j]);
    return exp((log(SCALE_RULE_ERROR) - log_rest) / degree);
}

/* Nodes are the eigenvalues of the Jacobi matrix (Golub & Welsch 1969). */
static att_status find_nodes(const measure *m, size_t n, double *t)
{
    double matrix[MOST * MOST] = {0};
    for (size_t j = 0; j < n; j++) {
        matrix[j * (n + 1)] = m->alpha[j];
        if (j > 0) matrix[j * n + j - 1] = sqrt(m->beta[j]);
    }
    gsl_matrix_view jacobi = gsl_matrix_view_array(matrix, n, n);
    gsl_vector_view value = gsl_vector_view_array(t, n);
    gsl_eigen_symm_workspace *work = gsl_eigen_symm_alloc(n);
    if (!work) return ATT_NO_MEMORY;
    int failed = gsl_eigen_symm(&jacobi.matrix, &value.vector, work);
    gsl_eigen_symm_free(work);
    return failed ? ATT_NO_CONVERGENCE : ATT_OK;
}

/* Christoffel's number of a node: one over a sum of positive terms, so that small weights too have all their digits. */
static double weight_of(const measure *m, size_t n, double t)
{
    double before = 0, now = 1, sum = 1;
    for (size_t j = 0; j + 1 < n; j++) {
        double last = j > 0 ? sqrt(m->beta[j]) * before : 0;
        double next = ((t - m->alpha[j]) * now - last) / sqrt(m->beta[j + 1]);
        before = now;
        now = next;
        sum += now * now;
    }
    return 1 / sum;
}

att_status scale_rule_fill(double df, double step, double farthest, scale_rule *rule)
{
    measure m;
    size_t choice = 0;
    if (!open_measure(&m, df, step)) return ATT_NO_MEMORY;
    find_recurrence(&m);
    while (choice + 1 < RULES && !(reach_of(&m, NODES[choice]) >= farthest)) choice++;
    rule->nodes = NODES[choice];
    rule->reach = reach_of(&m, rule->nodes);
    att_status status = find_nodes(&m, rule->nodes, rule->ratio);
    for (size_t i = 0; status == ATT_OK && i < rule->nodes; i++) {
        rule->weight[i] = weight_of(&m, rule->nodes, rule->ratio[i]);
        rule->ratio[i] = 1 + rule->ratio[i] / m.unit;
    }
    free(m.t);
    return status;
}
