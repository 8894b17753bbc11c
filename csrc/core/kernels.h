/* Kernels are built several times from one source, for the instruction sets of attain/target.h. */
#ifndef ATTAIN_CORE_KERNELS_H
#define ATTAIN_CORE_KERNELS_H

#include "path_kernel.h"
#include "separation.h"

/* The fastest kernel that this machine runs. */
const separation_kernel *separation_choose(void);

/* The kernel of an instruction set, or the fastest; NULL when this machine does not run it. */
const path_kernel *path_choose(att_instructions instructions);

#endif
