/* Allocation whose size cannot overflow: every product is checked before it is formed. */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>

static size_t product_of_two(size_t a, size_t b)
{
    return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

size_t checked_product(size_t a, size_t b, size_t c)
{
    if (a == 0 || b == 0 || c == 0) return 0;
    return product_of_two(product_of_two(a, b), c);
}

void *new_block(size_t rows, size_t columns, size_t depth, size_t size)
{
    size_t items = checked_product(rows, columns, depth);
    if (checked_product(items, size, 1) == SIZE_MAX) return NULL;
    return calloc(items ? items : 1, size);
}
