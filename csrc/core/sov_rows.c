/* Which functionals are bounded, and what does each component of each indicator contribute to them? */
#include "sov_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_eigen.h>

#include "dense.h"
#include "memory.h"
#include "reverse_time.h"

#define ROUNDING 1e-10
#define MOST_YEARS ATT_JOINT_MOST_DIMENSIONS
#define MOST_ROWS ATT_JOINT_MOST_BOUNDS

/* Bounds on their way to rows. */
typedef struct {
    const att_sov *sov;
    size_t width;
    size_t *start;                /* (indicators), where the years of each stand in a row */
    const double *row[MOST_ROWS]; /* as given */
    double turned[MOST_ROWS];     /* -1 for a row that had an upper bound only */
    size_t years;
    int32_t year[MOST_YEARS];
} reader;

static att_status lay_out(reader *r)
{
    r->start = new_block(r->sov->indicators, 1, 1, sizeof(size_t));
    if (!r->start) return ATT_NO_MEMORY;
    for (size_t i = 0; i < r->sov->indicators; i++) {
        r->start[i] = r->width;
        r->width += r->sov->indicator[i].mixture.horizon;
    }
    return ATT_OK;
}

static att_status read_years(reader *r)
{
    for (size_t i = 0; i < r->sov->indicators; i++) {
        const att_sov_indicator *in = &r->sov->indicator[i];
        for (size_t h = 0; h < in->mixture.horizon; h++) {
            int named = 0;
            for (size_t b = 0; b < r->sov->bounds; b++)
                named |= r->sov->row[b * r->width + r->start[i] + h] != 0;
            if (named) r->years = insert_year(r->year, r->years, MOST_YEARS, in->first_year + (int32_t)h);
            if (r->years > MOST_YEARS) return ATT_TOO_MANY;
        }
    }
    return ATT_OK;
}

static int is_zero(const double *row, size_t width)
{
    for (size_t c = 0; c < width; c++)
        if (row[c] != 0) return 0;
    return 1;
}

static void read_bound(reader *r, size_t b, sov_rows *out)
{
    const double *row = r->sov->row + b * r->width;
    double lower = r->sov->lower[b], upper = r->sov->upper[b];
    size_t at = 0;
    if (lower == -INFINITY && upper == INFINITY) return;
    if (is_zero(row, r->width)) {
        out->impossible |= lower > 0 || upper < 0;
        return;
    }
    while (at < out->rows && memcmp(r->row[at], row, r->width * sizeof *row) != 0) at++;
    if (at == out->rows) {
        r->row[out->rows++] = row;
        out->lower[at] = -INFINITY;
        out->upper[at] = INFINITY;
    }
    out->lower[at] = fmax(out->lower[at], lower);
    out->upper[at] = fmin(out->upper[at], upper);
    out->impossible |= out->lower[at] > out->upper[at];
}

/* A row with an upper bound only becomes one with a lower bound. */
static void turn_rows(reader *r, sov_rows *out)
{
    for (size_t k = 0; k < out->rows; k++) {
        r->turned[k] = out->lower[k] == -INFINITY ? -1 : 1;
        if (r->turned[k] > 0) continue;
        out->lower[k] = -out->upper[k];
        out->upper[k] = INFINITY;
    }
}

static int names(const reader *r, size_t row, size_t indicator)
{
    return !is_zero(r->row[row] + r->start[indicator], r->sov->indicator[indicator].mixture.horizon);
}

static att_status read_parts(const reader *r, sov_rows *out)
{
    for (size_t i = 0; i < r->sov->indicators; i++) {
        size_t terms = 0;
        for (size_t k = 0; k < out->rows; k++) terms += (size_t)names(r, k, i);
        if (terms == 0) continue;
        if (out->parts == ATT_SOV_MOST_INDICATORS) return ATT_TOO_MANY;
        out->indicator[out->parts] = i;
        out->mixture[out->parts++] = &r->sov->indicator[i].mixture;
        out->terms += terms;
    }
    return ATT_OK;
}

static att_status open_terms(const reader *r, sov_rows *out)
{
    size_t numbers = 0, at = 0;
    out->term = new_block(out->terms, 1, 1, sizeof(sov_term));
    if (!out->term) return ATT_NO_MEMORY;
    for (size_t p = 0; p < out->parts; p++)
        for (size_t k = 0; k < out->rows; k++) {
            if (!names(r, k, out->indicator[p])) continue;
            out->term[at++] = (sov_term){.row = k, .part = p, .own = r->row[k] + r->start[out->indicator[p]]};
            numbers += out->mixture[p]->components * (1 + r->years);
        }
    double *next = out->numbers = new_block(numbers, 1, 1, sizeof(double));
    for (size_t t = 0; next && t < out->terms; t++) {
        size_t components = out->mixture[out->term[t].part]->components;
        out->term[t].mean = next;
        out->term[t].direction = next + components;
        next += components * (1 + r->years);
    }
    return out->numbers ? ATT_OK : ATT_NO_MEMORY;
}

/* Coordinates that lie in an indicator's horizon, and their places in it. */
static size_t coordinates_of(const reader *r, size_t indicator, size_t *coordinate, size_t *place)
{
    const att_sov_indicator *in = &r->sov->indicator[indicator];
    size_t count = 0;
    for (size_t j = 0; j < r->years; j++) {
        int64_t at = (int64_t)r->year[j] - in->first_year;
        if (at < 0 || at >= (int64_t)in->mixture.horizon) continue;
        coordinate[count] = j;
        place[count++] = (size_t)at;
    }
    return count;
}

/* L' own, over all years. */
static void write_direction(const sov_term *term, double sign, const double *factor, size_t count,
                            const size_t *coordinate, const size_t *place, double *direction)
{
    for (size_t j = 0; j < count; j++)
        for (size_t i = j; i < count; i++)
            direction[coordinate[j]] += sign * term->own[place[i]] * factor[i * count + j];
}

/* Means and directions of the terms of a part. */
static att_status fill_part(const reader *r, size_t part, double *scale, sov_rows *out)
{
    const att_mixture *mixture = out->mixture[part];
    size_t coordinate[MOST_YEARS], place[MOST_YEARS], n = mixture->components;
    size_t count = coordinates_of(r, out->indicator[part], coordinate, place);
    double factor[MOST_YEARS * MOST_YEARS];
    att_status status = ATT_OK;
    for (size_t t = 0, seen = 0; status == ATT_OK && t < out->terms; t++)
        if (out->term[t].part == part)
            status = att_mixture_margin(mixture, out->term[t].own, out->term[t].mean, scale + n * seen++);
    for (size_t k = 0; status == ATT_OK && k < n; k++) {
        status = reverse_factor(mixture, k, count, place, factor);
        for (size_t t = 0, seen = 0; status == ATT_OK && t < out->terms; t++) {
            const sov_term *term = &out->term[t];
            if (term->part != part) continue;
            term->mean[k] *= r->turned[term->row];
            if (scale[n * seen++ + k] > 0)
                write_direction(term, r->turned[term->row], factor, count, coordinate, place,
                                term->direction + k * r->years);
        }
    }
    return status;
}

static att_status fill_terms(const reader *r, sov_rows *out)
{
    size_t most = 0;
    for (size_t p = 0; p < out->parts; p++)
        if (out->mixture[p]->components > most) most = out->mixture[p]->components;
    double *scale = new_block(most, out->rows, 1, sizeof(double));
    att_status status = scale ? ATT_OK : ATT_NO_MEMORY;
    for (size_t p = 0; status == ATT_OK && p < out->parts; p++) status = fill_part(r, p, scale, out);
    free(scale);
    return status;
}

/* Whether bounds ask for one value of a figure that is not known. */
static int asks_for_one_value(const sov_rows *rows)
{
    for (size_t t = 0; t < rows->terms; t++) {
        const sov_term *term = &rows->term[t];
        size_t numbers = rows->mixture[term->part]->components * rows->years;
        if (rows->lower[term->row] == rows->upper[term->row] && !is_zero(term->direction, numbers)) return 1;
    }
    return 0;
}

/* Replaces a matrix by itself without its negative eigenvalues, which must be rounding. */
static att_status make_semidefinite(double *matrix, size_t n)
{
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(n);
    gsl_matrix *copy = gsl_matrix_alloc(n, n), *vector = gsl_matrix_alloc(n, n);
    gsl_vector *value = gsl_vector_alloc(n);
    att_status status = work && copy && vector && value ? ATT_OK : ATT_NO_MEMORY;
    for (size_t c = 0; status == ATT_OK && c < n * n; c++) gsl_matrix_set(copy, c / n, c % n, matrix[c]);
    if (status == ATT_OK && gsl_eigen_symmv(copy, value, vector, work)) status = ATT_NO_CONVERGENCE;
    for (size_t a = 0; status == ATT_OK && a < n; a++) {
        double below = gsl_vector_get(value, a);
        if (below < -ROUNDING) status = ATT_NOT_COVARIANCE;
        for (size_t c = 0; below < 0 && c < n * n; c++)
            matrix[c] -= below * gsl_matrix_get(vector, c / n, a) * gsl_matrix_get(vector, c % n, a);
    }
    if (work) gsl_eigen_symmv_free(work);
    if (copy) gsl_matrix_free(copy);
    if (vector) gsl_matrix_free(vector);
    if (value) gsl_vector_free(value);
    return status;
}

static att_status read_correlation(const att_sov *sov, sov_rows *out)
{
    size_t n = sov->indicators;
    double *whole = new_block(n, n, 1, sizeof(double));
    out->correlation = new_block(out->parts, out->parts, 1, sizeof(double));
    att_status status = whole && out->correlation ? ATT_OK : ATT_NO_MEMORY;
    for (size_t i = 0; status == ATT_OK && i < n; i++)
        for (size_t j = 0; status == ATT_OK && j <= i; j++) {
            double one = sov->correlation[i * n + j], other = sov->correlation[j * n + i];
            if (!isfinite(one) || !isfinite(other))
                status = ATT_NOT_FINITE;
            else if (fabs(one - other) > ROUNDING || (i == j && fabs(one - 1) > ROUNDING))
                status = ATT_NOT_COVARIANCE;
            whole[i * n + j] = whole[j * n + i] = i == j ? 1 : 0.5 * (one + other);
        }
    if (status == ATT_OK) status = make_semidefinite(whole, n);
    for (size_t c = 0; status == ATT_OK && c < out->parts * out->parts; c++)
        out->correlation[c] = whole[out->indicator[c / out->parts] * n + out->indicator[c % out->parts]];
    free(whole);
    return status;
}

att_status sov_rows_open(const att_sov *sov, sov_rows *rows)
{
    reader *r = new_block(1, 1, 1, sizeof(reader));
    *rows = (sov_rows){0};
    if (!r) return ATT_NO_MEMORY;
    r->sov = sov;
    att_status status = lay_out(r);
    if (status == ATT_OK) status = read_years(r);
    for (size_t b = 0; status == ATT_OK && b < sov->bounds; b++) read_bound(r, b, rows);
    rows->years = r->years;
    turn_rows(r, rows);
    if (status == ATT_OK) status = read_parts(r, rows);
    if (status == ATT_OK) status = read_correlation(sov, rows);
    if (status == ATT_OK) status = open_terms(r, rows);
    if (status == ATT_OK) status = fill_terms(r, rows);
    if (status == ATT_OK) rows->impossible |= asks_for_one_value(rows);
    free(r->start);
    free(r);
    return status;
}

void sov_rows_free(sov_rows *rows)
{
    free(rows->correlation);
    free(rows->term);
    free(rows->numbers);
    *rows = (sov_rows){0};
}
