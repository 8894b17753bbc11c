/* The probability of any rectangle by separation of variables on a lattice. */
#ifndef ATTAIN_CORE_RECTANGLE_LATTICE_H
#define ATTAIN_CORE_RECTANGLE_LATTICE_H

#include "attain/rectangle.h"
#include "rectangle_order.h"

/* As att_rectangle_log_probability, for standardised variables and without looking for structure. Statuses:
 * ATT_OK, ATT_NO_MEMORY, ATT_NOT_COVARIANCE, ATT_TOO_WIDE. */
att_status rectangle_lattice(const standard_rectangle *rectangle, double df,
                             const att_rectangle_accuracy *accuracy, att_rectangle_result *result);

#endif
