/* How likely are an indicator's bounds given the one variable, as a plain sum over components and scales? */
#include "joint_places.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chi_scale.h"
#include "memory.h"
#include "scale_rule.h"

#define STEEPEST 4.0 /* slope for which places serve: loadings up to 0.97 */
#define LEAST_M 1e-10
#define LEAST_LOG_WEIGHT (-55.0) /* of scales */
#define NEXT_TO_ZERO 1e-14
#define MANY 16            /* components for which a rule is worth its making, though they go into bins */
#define BEYOND_NONE (-1.0) /* the reach of no rule: every component is beyond it */

static double slope_of(const component_rows *rows, size_t k)
{
    return rows->direction[k] * rows->inverse_spread[k];
}

static double place_of(const component_rows *rows, size_t k)
{
    return rows->lower[k] * rows->inverse_spread[k];
}

static int has_places(const joint_part *part)
{
    for (size_t g = 0; g < part->groups; g++) {
        const component_rows *rows = &part->group[g].rows;
        if (!rows->lower_only || rows->variables != 1) return 0;
        for (size_t k = 0; k < rows->components; k++)
            if (!isfinite(place_of(rows, k))) return 0;
    }
    return part->groups > 0 && part->steepest <= STEEPEST;
}

/* Whether all components have the slope of the first. */
static int has_one_slope(const joint_part *part)
{
    for (size_t g = 0; g < part->groups; g++)
        for (size_t k = 0; k < part->group[g].rows.components; k++)
            if (slope_of(&part->group[g].rows, k) != slope_of(&part->group[0].rows, 0)) return 0;
    return 1;
}

static int reserve(place_set *set)
{
    if (set->count < set->room) return 1;
    size_t room = 2 * set->room + 1024;
    double *grown = new_block(room, 3, 1, sizeof(double));
    if (!grown) return 0;
    for (size_t k = 0; k < set->count; k++) {
        grown[k] = set->place[k];
        grown[room + k] = set->slope[k];
        grown[2 * room + k] = set->weight[k];
    }
    free(set->place);
    *set = (place_set){set->count, room, grown, grown + room, grown + 2 * room, {0}};
    return 1;
}

/* Component k at one scale. */
static att_status put(place_set *set, const component_rows *rows, size_t k, double ratio, double weight)
{
    if (set->bins.bins > 0) {
        joint_bins_put(&set->bins, place_of(rows, k) * ratio, rows->weight[k] * weight);
        return ATT_OK;
    }
    if (!reserve(set)) return ATT_NO_MEMORY;
    set->place[set->count] = place_of(rows, k) * ratio;
    set->slope[set->count] = slope_of(rows, k);
    set->weight[set->count++] = rows->weight[k] * weight;
    return ATT_OK;
}

/* Components whose place is beyond a reach, at one scale. */
static att_status put_beyond(place_set *set, const component_rows *rows, double reach, double ratio,
                             double weight)
{
    att_status status = ATT_OK;
    for (size_t k = 0; status == ATT_OK && k < rows->components; k++)
        if (!(fabs(place_of(rows, k)) <= reach)) status = put(set, rows, k, ratio, weight);
    return status;
}

static double farthest_place(const component_rows *rows)
{
    double most = 0;
    for (size_t k = 0; k < rows->components; k++) most = fmax(most, fabs(place_of(rows, k)));
    return most;
}

/* Components beyond a reach at the trapezoidal rule's scales, from node `first` on; those so small that every place is next to
 * 0 count as 0. */
static att_status put_side(joint_places *p, const part_group *group, double reach, double step, int first,
                           int side)
{
    double most = farthest_place(&group->rows), small[2] = {0, 0};
    att_status status = ATT_OK;
    for (int node = first; status == ATT_OK; node += side) {
        double log_weight = chi_scale_log_density(node * step, group->df) + log(2 * step);
        double ratio = exp(node * step), weight = exp(log_weight);
        if (log_weight < LEAST_LOG_WEIGHT) break;
        if (ratio * most < NEXT_TO_ZERO)
            small[node & 1] += weight;
        else
            status = put_beyond(&p->half[node & 1], &group->rows, reach, ratio, weight);
    }
    for (int half = 0; half < 2 && status == ATT_OK; half++)
        if (small[half] > 0) status = put_beyond(&p->half[half], &group->rows, reach, 0, small[half]);
    return status;
}

static att_status put_few(joint_places *p, const component_rows *rows, const scale_rule *rule)
{
    att_status status = ATT_OK;
    for (size_t k = 0; k < rows->components; k++)
        for (size_t i = 0; fabs(place_of(rows, k)) <= rule->reach && i < rule->nodes && status == ATT_OK; i++)
            status = put(&p->both, rows, k, rule->ratio[i], rule->weight[i]);
    return status;
}

static att_status put_group(joint_places *p, const part_group *group, int refinement)
{
    const component_rows *rows = &group->rows;
    double step = group->step / refinement;
    scale_rule rule = {.reach = BEYOND_NONE};
    att_status status = ATT_OK;
    if (isinf(group->df)) return put_beyond(&p->both, rows, BEYOND_NONE, 1, 1); /* normals have no scale */
    if (p->both.bins.bins == 0 || rows->components > MANY) {
        status = scale_rule_fill(group->df, 0.5 * step, farthest_place(rows), &rule);
        if (status == ATT_OK) status = put_few(p, rows, &rule);
        if (status != ATT_OK || farthest_place(rows) <= rule.reach) return status;
    }
    status = put_side(p, group, rule.reach, step, 0, 1);
    return status == ATT_OK ? put_side(p, group, rule.reach, step, -1, -1) : status;
}

att_status joint_places_open(const joint_part *part, int refinement, joint_places *places)
{
    *places = (joint_places){.serves = has_places(part)};
    place_set *set[] = {&places->both, &places->half[0], &places->half[1]};
    int one_slope = places->serves && has_one_slope(part);
    att_status status = ATT_OK;
    for (int s = 0; one_slope && s < 3 && status == ATT_OK; s++)
        status = joint_bins_open(slope_of(&part->group[0].rows, 0), &set[s]->bins);
    for (size_t g = 0; places->serves && status == ATT_OK && g < part->groups; g++)
        status = put_group(places, &part->group[g], refinement);
    for (int s = 0; one_slope && s < 3 && status == ATT_OK; s++) joint_bins_close(&set[s]->bins);
    return status;
}

static void free_set(place_set *set)
{
    free(set->place);
    joint_bins_free(&set->bins);
}

void joint_places_free(joint_places *places)
{
    free_set(&places->both);
    free_set(&places->half[0]);
    free_set(&places->half[1]);
    *places = (joint_places){0};
}

static void add_set(const place_set *set, const separation_kernel *kernel, const double *x, double *sum)
{
    if (set->bins.bins > 0)
        joint_bins_add(&set->bins, kernel, x, sum);
    else
        kernel->add_places(set->count, set->place, set->slope, set->weight, x, sum);
}

int joint_places_given(const joint_places *places, const separation_kernel *kernel, const double *x,
                       given_log *out)
{
    double even[LANES] = {0}, odd[LANES];
    for (int lane = 0; lane < LANES; lane++)
        if (!places->serves || fabs(x[lane]) > BINS_FARTHEST_X) return 0;
    add_set(&places->both, kernel, x, even);
    memcpy(odd, even, sizeof odd);
    add_set(&places->half[0], kernel, x, even);
    add_set(&places->half[1], kernel, x, odd);
    out->at_most = 0;
    for (int lane = 0; lane < LANES; lane++) {
        if (fmin(even[lane], odd[lane]) < LEAST_M) {
            even[lane] = odd[lane] = fmax(LEAST_M, fmax(even[lane], odd[lane]));
            out->at_most |= 1u << lane;
        }
        out->even[lane] = log(even[lane]);
        out->odd[lane] = log(odd[lane]);
        out->all[lane] = log(0.5 * (even[lane] + odd[lane]));
    }
    return 1;
}
