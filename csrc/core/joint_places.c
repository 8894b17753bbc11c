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
            if (!isfinite(place_of(rows, k)) || !(fabs(slope_of(rows, k)) <= STEEPEST)) return 0;
    }
    return 1;
}

static int reserve(place_set *set, size_t more)
{
    if (set->count + more <= set->room) return 1;
    size_t room = 2 * set->count + more;
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

/* Component k at one scale; there is room. */
static void append(place_set *set, const component_rows *rows, size_t k, double ratio, double weight)
{
    set->place[set->count] = place_of(rows, k) * ratio;
    set->slope[set->count] = slope_of(rows, k);
    set->weight[set->count++] = rows->weight[k] * weight;
}

static double farthest_place(const component_rows *rows)
{
    double most = 0;
    for (size_t k = 0; k < rows->components; k++) most = fmax(most, fabs(place_of(rows, k)));
    return most;
}

/* Components beyond the reach of all rules, at scales from node `first` on. */
static att_status list_side(joint_places *p, const part_group *group, double reach, double step, int first,
                            int side)
{
    for (int node = first;; node += side) {
        double log_weight = chi_scale_log_density(node * step, group->df) + log(2 * step);
        if (log_weight < LEAST_LOG_WEIGHT) return ATT_OK;
        double ratio = exp(node * step), weight = exp(log_weight);
        if (!reserve(&p->half[node & 1], group->rows.components)) return ATT_NO_MEMORY;
        for (size_t k = 0; k < group->rows.components; k++)
            if (fabs(place_of(&group->rows, k)) > reach)
                append(&p->half[node & 1], &group->rows, k, ratio, weight);
    }
}

static att_status list_few(joint_places *p, const component_rows *rows, const scale_rule *rule)
{
    for (size_t k = 0; k < rows->components; k++) {
        const scale_rule *own = scale_rule_for(rule, place_of(rows, k));
        if (!own) continue;
        if (!reserve(&p->both, own->nodes)) return ATT_NO_MEMORY;
        for (size_t i = 0; i < own->nodes; i++) append(&p->both, rows, k, own->ratio[i], own->weight[i]);
    }
    return ATT_OK;
}

static att_status list_scales(joint_places *p, const part_group *group, int refinement)
{
    double step = group->step / refinement, most = farthest_place(&group->rows);
    scale_rule rule[SCALE_RULES];
    att_status status = scale_rules_fill(group->df, 0.5 * step, most, rule);
    double reach = status == ATT_OK ? rule[SCALE_RULES - 1].reach : 0;
    if (status == ATT_OK) status = list_few(p, &group->rows, rule);
    if (status != ATT_OK || scale_rule_for(rule, most)) return status;
    status = list_side(p, group, reach, step, 0, 1);
    return status == ATT_OK ? list_side(p, group, reach, step, -1, -1) : status;
}

/* Normal components have no scale. */
static att_status list_normals(joint_places *p, const component_rows *rows)
{
    if (!reserve(&p->both, rows->components)) return ATT_NO_MEMORY;
    for (size_t k = 0; k < rows->components; k++) append(&p->both, rows, k, 1, 1);
    return ATT_OK;
}

/* Bins take the place of the list, where there is one slope. */
static att_status gather(place_set *set)
{
    for (size_t k = 1; k < set->count; k++)
        if (set->slope[k] != set->slope[0]) return ATT_OK;
    if (set->count == 0) return ATT_OK;
    att_status status = joint_bins_open(set->count, set->place, set->weight, set->slope[0], &set->bins);
    free(set->place);
    set->place = NULL;
    return status;
}

att_status joint_places_open(const joint_part *part, int refinement, joint_places *places)
{
    *places = (joint_places){.serves = has_places(part)};
    att_status status = ATT_OK;
    for (size_t g = 0; places->serves && status == ATT_OK && g < part->groups; g++)
        status = isinf(part->group[g].df) ? list_normals(places, &part->group[g].rows)
                                          : list_scales(places, &part->group[g], refinement);
    if (status == ATT_OK) status = gather(&places->both);
    for (int half = 0; half < 2 && status == ATT_OK; half++) status = gather(&places->half[half]);
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
