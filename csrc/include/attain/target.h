/* A target as bounds on quantities of a path, for simulate.h: what joint.h cannot put as one row over one indicator.
 *
 *     level, growth, share of two levels, multiple    one quantity, ATT_LOGS
 *     growth in every year                            one quantity a year, ATT_LOGS
 *     sum of parts, share of a sum, flow              one quantity, or one a year, ATT_LEVELS
 *     count above a size                              one quantity, ATT_MEMBERS
 *
 * A target holds when all its quantities lie within their bounds.
 */
#ifndef ATTAIN_TARGET_H
#define ATTAIN_TARGET_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    ATT_LOGS,   /* sum of coefficient * X, X what the mixture is of: the log level, or the logit of a share */
    ATT_LEVELS, /* sum of coefficient * exp(X); a level beyond e^600 counts as that */
    ATT_MEMBERS, /* how many terms have X >= coefficient */
} att_rule;

typedef struct {
    size_t indicator;
    int32_t year;
    double coefficient; /* finite, of size 1e40 at most */
} att_term;

/* Of a quantity that no target bounds, and is only tallied. */
#define ATT_NO_TARGET ((size_t)-1)

typedef struct {
    att_rule rule;
    size_t terms;
    const att_term *term; /* (terms) */
    size_t target;        /* that it belongs to, or ATT_NO_TARGET */
    double lower, upper;  /* may be infinite */
    double low, high;     /* range of its histogram and of its moments, finite; low = high: none is kept */
} att_quantity;

#endif
