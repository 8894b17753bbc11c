/* How likely is a rectangle without any structure? Random shifts of one lattice, doubled until they agree. */
#include "rectangle_lattice.h"

#include <math.h>
#include <stdlib.h>

#include "chi_scale.h"
#include "kernels.h"
#include "lattice.h"
#include "memory.h"
#include "rectangle_tilt.h"
#include "shift_sums.h"

#define FIRST_POINTS 256

typedef struct {
    ordered_rectangle ordered;
    const separation_kernel *kernel;
    double df;
    int of_scale;                 /* coordinates that the t's scale takes: 1, for the normal 0 */
    chi_scale_proposal *proposal; /* of the scale; NULL for the normal */
    double *vector, *shift, *y;   /* (coordinates), (SHIFTS, coordinates), scratch (variables, LANES) */
    size_t coordinates;
    shift_sums sums;
} lattice_work;

/* Draws of the t's scale, and the weights of drawing it so. */
static void draw_scales(const lattice_work *w, const double *place, double shift, double *ratio,
                        double *log_weight)
{
    for (int k = 0; k < LANES; k++) {
        double log_density, u = lattice_tent(w->vector[0] * place[k] + shift);
        double s = chi_scale_draw(w->proposal, u, &log_density);
        log_weight[k] = chi_scale_log_density(s, w->df) - log_density;
        ratio[k] = exp(s);
    }
}

static void add_points(lattice_work *w, size_t first, size_t last)
{
    double place[LANES], ratio[LANES], log_weight[LANES];
    for (size_t k = first; k < last; k += LANES) {
        lattice_places(k, LANES, place);
        for (size_t i = 0; i < SHIFTS; i++) {
            const double *shift = w->shift + i * w->coordinates;
            for (int lane = 0; lane < LANES; lane++) ratio[lane] = 1, log_weight[lane] = 0;
            if (w->of_scale) draw_scales(w, place, shift[0], ratio, log_weight);
            separation_points points = {place, w->vector + w->of_scale, shift + w->of_scale, ratio};
            w->kernel->weigh(&w->ordered.bounds, &points, w->y, log_weight);
            w->kernel->add(log_weight, &w->sums.total[i]);
        }
    }
}

static void run(lattice_work *w, const att_rectangle_accuracy *accuracy, att_rectangle_result *result)
{
    size_t points = FIRST_POINTS;
    shift_sums_clear(&w->sums);
    add_points(w, 0, points);
    shift_sums_mean(&w->sums, points, 0, &result->log_probability, &result->log_standard_error);
    for (; is_to_be_doubled(points, result->log_standard_error, accuracy); points *= 2) {
        add_points(w, points, 2 * points);
        shift_sums_mean(&w->sums, 2 * points, 0, &result->log_probability, &result->log_standard_error);
    }
    result->points = SHIFTS * points;
}

static int open_work(lattice_work *w, uint64_t seed)
{
    size_t variables = w->ordered.bounds.variables;
    w->of_scale = isfinite(w->df) ? 1 : 0;
    w->coordinates = variables + (size_t)w->of_scale;
    w->vector = new_block(w->coordinates, 1, 1, sizeof(double));
    w->shift = new_block(w->coordinates, SHIFTS, 1, sizeof(double));
    w->y = new_block(variables, LANES, 1, sizeof(double));
    if (w->of_scale) w->proposal = new_block(1, 1, 1, sizeof(chi_scale_proposal));
    if (!w->vector || !w->shift || !w->y || (w->of_scale && !w->proposal)) return 0;
    lattice_vector(w->coordinates, w->vector);
    lattice_shifts(seed, SHIFTS, w->coordinates, w->shift);
    return 1;
}

/* A variable that is drawn evenly takes no shift. */
static int find_shifts(lattice_work *w, tilt_work *tilt, double ratio, double *shift)
{
    double psi;
    int found = rectangle_tilt(tilt, ratio, &psi);
    for (size_t v = 0; v < tilt->free; v++)
        shift[v] = w->ordered.kind[v] == SEPARATION_NARROW ? 0 : tilt->d[v];
    return found;
}

/* The shifts of a normal, or, of a t, the line through those at two scales between which most draws lie. */
static void set_shifts(lattice_work *w, tilt_work *tilt)
{
    double *shift = w->ordered.shift, *slope = w->ordered.slope, low = 1, high = 1, log_density;
    if (w->of_scale) {
        chi_scale_propose(tilt, w->df, w->proposal);
        low = exp(chi_scale_draw(w->proposal, 0.05, &log_density));
        high = exp(chi_scale_draw(w->proposal, 0.95, &log_density));
    }
    int found = find_shifts(w, tilt, low, shift);
    if (w->of_scale) found = find_shifts(w, tilt, high, slope) && found;
    for (size_t v = 0; v < tilt->free; v++) {
        slope[v] = w->of_scale ? (slope[v] - shift[v]) / (high - low) : 0;
        shift[v] -= slope[v] * low;
        if (!found) shift[v] = slope[v] = 0;
    }
}

att_status rectangle_lattice(const standard_rectangle *rectangle, double df,
                             const att_rectangle_accuracy *accuracy, att_rectangle_result *result)
{
    if (rectangle->dimensions > ATT_RECTANGLE_MOST) return ATT_TOO_WIDE;
    lattice_work w = {.kernel = separation_choose(), .df = df};
    att_status status = rectangle_order(rectangle, &w.ordered);
    if (status != ATT_OK) return status;
    tilt_work tilt = {0};
    status = open_work(&w, accuracy->seed) ? rectangle_tilt_open(&w.ordered.bounds, &tilt) : ATT_NO_MEMORY;
    if (status == ATT_OK) {
        set_shifts(&w, &tilt);
        run(&w, accuracy, result);
    }
    rectangle_tilt_free(&tilt);
    free(w.vector);
    free(w.shift);
    free(w.y);
    free(w.proposal);
    rectangle_order_free(&w.ordered);
    return status;
}
