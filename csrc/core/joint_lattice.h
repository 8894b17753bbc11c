/* Joint probabilities whose integral has two variables or more: a randomly shifted lattice around the mode. */
#ifndef ATTAIN_CORE_JOINT_LATTICE_H
#define ATTAIN_CORE_JOINT_LATTICE_H

#include "joint_given.h"

/* The product of all parts over `variables` variables. */
att_status joint_lattice(const joint_part *part, size_t parts, size_t variables,
                         const att_rectangle_accuracy *accuracy, att_joint_result *result);

#endif
