/* Allocation whose size cannot overflow.
 *
 * A rule for all private headers: what the files of the core share among themselves has no prefix, att_
 * being for the public headers, and is hidden from whoever loads the library (-fvisibility=hidden). */
#ifndef ATTAIN_CORE_MEMORY_H
#define ATTAIN_CORE_MEMORY_H

#include <stddef.h>

/* A zeroed block of rows x columns x depth items of `size` bytes, freed with free(); NULL when the product
 * overflows or memory is out. A block of no items is a block of one, so that NULL always means failure. */
void *new_block(size_t rows, size_t columns, size_t depth, size_t size);

/* a * b * c, or SIZE_MAX when that overflows. */
size_t checked_product(size_t a, size_t b, size_t c);

#endif
