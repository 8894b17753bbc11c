/* The status table of status.h as arrays, so that code, name, text and class cannot part. */
#include "attain/status.h"

#include <gsl/gsl_errno.h>

typedef struct {
    const char *name;
    const char *text;
    att_status_class class;
} status_row;

static const status_row TABLE[] = {
#define STATUS_ROW(code, class, text) [code] = {#code, text, class},
    ATT_STATUS_TABLE(STATUS_ROW)
#undef STATUS_ROW
};

static const status_row UNKNOWN = {"unknown", "a status outside the table", ATT_CLASS_ARGUMENT};

static const status_row *row_of(att_status status)
{
    return (unsigned)status < ATT_STATUS_COUNT ? &TABLE[status] : &UNKNOWN;
}

const char *att_status_name(att_status status)
{
    return row_of(status)->name;
}

const char *att_status_text(att_status status)
{
    return row_of(status)->text;
}

att_status_class att_status_class_of(att_status status)
{
    return row_of(status)->class;
}

void att_initialize(void)
{
    gsl_set_error_handler_off();
}
