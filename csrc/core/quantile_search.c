/* Where does a log tail reach log_p?
 *
 * The search runs in y, x = centre + scale sinh(y): there a power tail is a straight line, which Newton on
 * the log tail meets at once, and a bisection of any bracket of doubles is short. rise(y) = +-(log tail -
 * log_p), the sign making it increasing. Invariant: rise(low) < 0 <= rise(high) for the ends that have been
 * met; a Newton step that would leave the bracket, or that shrinks too slowly inside one, becomes a
 * bisection; one that runs towards an end not yet met is limited, by a limit that doubles.
 */
#include "quantile_search.h"

#include <float.h>
#include <math.h>

#define MAX_EVALUATIONS 200
#define CLOSE_ENOUGH 1e-12

typedef struct {
    double y, low, high; /* the point, and the bracket, infinite ends not yet met */
    double rise, slope;  /* at y */
    double step, limit;  /* the last step, and the longest allowed towards an end not met */
} search_state;

double quantile_rough_score(double log_p)
{
    double t = sqrt(-2 * log_p);
    return fmax(0, t - (2.30753 + 0.27061 * t) / (1 + 0.99229 * t + 0.04481 * t * t));
}

static double position(const quantile_problem *problem, double y)
{
    return problem->centre + problem->scale * sinh(y);
}

static void evaluate_at(const quantile_problem *problem, search_state *state)
{
    double log_tail, log_density;
    problem->evaluate(problem->context, problem->side, position(problem, state->y), &log_tail, &log_density);
    double difference = log_tail - problem->log_p;
    state->rise = problem->side == ATT_LOWER ? difference : -difference;
    state->slope = exp(log_density - log_tail) * problem->scale * cosh(state->y);
    if (state->rise < 0)
        state->low = state->y;
    else
        state->high = state->y;
}

static int is_inside(const search_state *state, double y)
{
    return y > state->low && y < state->high;
}

static int is_bracketed(const search_state *state)
{
    return isfinite(state->low) && isfinite(state->high);
}

static double resolution(const search_state *state)
{
    return 2 * DBL_EPSILON * fmax(1, fabs(state->y));
}

static void advance(search_state *state)
{
    double step = -state->rise / state->slope, previous = state->step;
    if (is_bracketed(state)) {
        if (!is_inside(state, state->y + step) || 2 * fabs(step) > fabs(previous))
            step = 0.5 * (state->low + state->high) - state->y;
    } else {
        if (!(fabs(step) < state->limit)) step = copysign(state->limit, -state->rise);
        state->limit *= 2;
    }
    state->step = step;
    state->y += step;
}

/* The last step costs no evaluation, and squares the small error that is left. */
static double polished(const search_state *state)
{
    double y = state->y - state->rise / state->slope;
    return fabs(state->rise) < 1 && is_inside(state, y) ? y : state->y;
}

static int is_found(const quantile_problem *problem, const search_state *state)
{
    return fabs(state->rise) <= CLOSE_ENOUGH * fabs(problem->log_p) ||
           (is_bracketed(state) && state->high - state->low <= resolution(state));
}

att_status quantile_search(const quantile_problem *problem, double start, double *x)
{
    double farthest = (1 - 2 * DBL_EPSILON) * asinh(DBL_MAX / fmax(1, problem->scale));
    search_state state = {.low = -INFINITY, .high = INFINITY, .step = INFINITY, .limit = 1};
    state.y = asinh((start - problem->centre) / problem->scale);
    for (int evaluations = 0; evaluations < MAX_EVALUATIONS; evaluations++) {
        state.y = fmin(fmax(state.y, -farthest), farthest);
        evaluate_at(problem, &state);
        if (isnan(state.rise)) break;
        if (is_found(problem, &state)) {
            *x = position(problem, polished(&state));
            return ATT_OK;
        }
        if (state.low >= farthest || state.high <= -farthest) {
            *x = copysign(INFINITY, state.y);
            return ATT_OK;
        }
        advance(&state);
    }
    return ATT_NO_CONVERGENCE;
}
