/* log s, the scale of a t, as a function of a standard normal z: s^2 = df / chi^2, chi^2 its quantile from above of which
 * P(Z <= z) is the probability; so log s rises with z. Cubic Hermite pieces over z in -9 ... 9, where normals of
 * path_kernel.inc all lie. docs/accuracy.md has the error. */
#ifndef ATTAIN_CORE_SCALE_TABLE_H
#define ATTAIN_CORE_SCALE_TABLE_H

#include "attain/status.h"

#define SCALE_CELLS 512
#define SCALE_FARTHEST 9.0
#define SCALE_TABLE (4 * SCALE_CELLS) /* doubles */

/* table (SCALE_CELLS, 4): in cell c, t in 0 ... 1, log s = t0 + t1 t + t2 t^2 + t3 t^3. df >= 0.1; infinite: zeros.
 * ATT_NO_CONVERGENCE when the quantile is not found. */
att_status scale_table_fill(double df, double *table);

#endif
