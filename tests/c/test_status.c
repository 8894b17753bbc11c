/* The status table is complete, and allocation refuses sizes that overflow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attain/status.h"
#include "memory.h"

static void every_status_has_name_text_and_class(void **state)
{
    (void)state;
    for (int code = 0; code < ATT_STATUS_COUNT; code++) {
        att_status status = (att_status)code;
        assert_true(strncmp(att_status_name(status), "ATT_", 4) == 0);
        assert_true(strlen(att_status_text(status)) > 5);
        assert_int_equal(att_status_class_of(status) == ATT_CLASS_NONE, status == ATT_OK);
    }
}

static void numbers_outside_the_table_are_unknown(void **state)
{
    (void)state;
    assert_string_equal(att_status_name(ATT_STATUS_COUNT), "unknown");
    assert_string_equal(att_status_name((att_status)-1), "unknown");
    assert_int_equal(att_status_class_of((att_status)1000), ATT_CLASS_ARGUMENT);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    assert_null(new_block(SIZE_MAX / 2, 3, 1, 1));
    assert_null(new_block(SIZE_MAX / 2, 1, 3, 8));
    assert_null(new_block((size_t)1 << 32, (size_t)1 << 32, (size_t)1 << 32, 8));
    assert_null(new_block(SIZE_MAX / 4, 1, 1, 8));
}

static void blocks_are_zeroed_and_never_null_for_no_items(void **state)
{
    (void)state;
    double *block = new_block(3, 4, 5, sizeof(double));
    assert_non_null(block);
    for (size_t i = 0; i < 60; i++) assert_true(block[i] == 0);
    free(block);
    void *none = new_block(0, SIZE_MAX, SIZE_MAX, 8);
    assert_non_null(none);
    free(none);
}

int main(void)
{
    att_initialize();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_name_text_and_class),
        cmocka_unit_test(numbers_outside_the_table_are_unknown),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(blocks_are_zeroed_and_never_null_for_no_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
