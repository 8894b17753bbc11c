/* One indicator of a joint probability, ready to be integrated: which variables of the integral it loads on, and what
 * each of its components asks of the one normal that is left to it.
 *
 * Used years are coordinates in reverse time: coordinate 0 is the last year that any bound names. A functional loads on
 * those from its own first year on. In coordinate j the indicator has z_j = sum_p loading_p f_pj + sqrt(own_j) e_j; a
 * factor that no other indicator shares in that coordinate is left out, being one more e. With one functional
 * the e_j add up to one normal; with several e_0 is left, and the other e_j are variables of the integral. */
#ifndef ATTAIN_CORE_JOINT_PART_H
#define ATTAIN_CORE_JOINT_PART_H

#include "attain/joint.h"
#include "separation.h"

#define NO_VARIABLE ((size_t)-1)

/* The bounds that count, and their years. */
typedef struct {
    const att_joint *joint;
    uint64_t active; /* bit b: bound b counts, in the order of all indicators */
    size_t years;
    const int32_t *year; /* (years), descending */
} joint_task;

/* Which variable of the integral is what. */
typedef struct {
    size_t variables;
    size_t *shared; /* (factors, years): that of f_pj, or NO_VARIABLE */
} joint_layout;

#define PART_SLAB 64

/* Components of one df, the heaviest first. */
typedef struct {
    double df, step;  /* of the rule over log scales: the finer, the steeper */
    double *log_rest; /* log of the sum of weights from component PART_SLAB s on */
    component_rows rows;
} part_group;

typedef struct {
    int has_kinks; /* several functionals: where one bound overtakes another, what is left of e_0 has a kink */
    double steepest; /* with one functional, the most that a variable moves its e, in deviations of it */
    size_t groups;
    part_group *group; /* in the order of their df */
    size_t *variable;  /* what the groups point into */
    double *numbers;
} joint_part;

/* The active bounds of an indicator, as bits from its first on. */
uint64_t joint_bits_of(const joint_task *task, size_t indicator);

/* Fills a layout whose `shared` has room; own variables of parts follow as parts are opened. */
void joint_lay_out(const joint_task *task, joint_layout *layout);

/* Reads an indicator that has active bounds, and takes its own variables from the layout. A part without groups is never
 * inside. ATT_NO_MEMORY, statuses of the mixture, or ATT_OK; free it in any case. */
att_status joint_part_open(const joint_task *task, size_t indicator, joint_layout *layout, joint_part *part);
void joint_part_free(joint_part *part);

#endif
