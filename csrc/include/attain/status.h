/* Status of a call: did it work? The answer to a question (is it attainable?) never travels in a status.
 *
 * One table gives every status its name, its class and its text; the glue turns classes into exceptions.
 */
#ifndef ATTAIN_STATUS_H
#define ATTAIN_STATUS_H

#define ATT_STATUS_TABLE(X)                                                                                  \
    X(ATT_OK, ATT_CLASS_NONE, "no error")                                                                    \
    X(ATT_NO_MEMORY, ATT_CLASS_MEMORY, "out of memory, or a size that overflows")                            \
    X(ATT_BAD_ARGUMENT, ATT_CLASS_ARGUMENT, "an argument lies outside its domain")                           \
    X(ATT_BAD_PRIOR, ATT_CLASS_ARGUMENT, "a point of the prior lies outside the family")                     \
    X(ATT_BAD_ORDER, ATT_CLASS_ARGUMENT, "rows are not sorted by series and year")                           \
    X(ATT_TOO_FAR, ATT_CLASS_ARGUMENT, "the horizon is longer than 200 years")                               \
    X(ATT_EMPTY_RECTANGLE, ATT_CLASS_ARGUMENT, "a lower bound lies above its upper bound")                   \
    X(ATT_NOT_COVARIANCE, ATT_CLASS_ARGUMENT, "a covariance is not symmetric and positive semidefinite")     \
    X(ATT_TOO_WIDE, ATT_CLASS_ARGUMENT, "more than 250 variables without structure")                         \
    X(ATT_TOO_MANY, ATT_CLASS_ARGUMENT,                                                                      \
      "more than 64 bounds or targets at once, 16 to tell apart, or 40 dimensions to integrate over")        \
    X(ATT_DEGENERATE, ATT_CLASS_ARGUMENT,                                                                    \
      "a condition repeats or contradicts others, or fixes what is known already")                           \
    X(ATT_BAD_KIND, ATT_CLASS_DATA, "a row is neither a level nor a growth rate nor a share")                \
    X(ATT_NOT_FINITE, ATT_CLASS_DATA, "a value is NaN or infinite")                                          \
    X(ATT_NOT_POSITIVE, ATT_CLASS_DATA, "a level is zero or negative; the model works on its logarithm")     \
    X(ATT_BELOW_TOTAL_LOSS, ATT_CLASS_DATA, "a growth rate is -100 % or lower")                              \
    X(ATT_NOT_A_SHARE, ATT_CLASS_DATA,                                                                       \
      "a share is not strictly between 0 and 1; the model works on its logit")                               \
    X(ATT_MIXED_KINDS, ATT_CLASS_DATA, "a series mixes shares with levels or growth rates")                  \
    X(ATT_BAD_ERROR, ATT_CLASS_DATA,                                                                         \
      "a looseness or an error of a figure is negative, too large or not finite")                            \
    X(ATT_REPEATED, ATT_CLASS_DATA, "a year is repeated within one kind and one scope")                      \
    X(ATT_TOO_FEW, ATT_CLASS_DATA, "too few observations for this model")                                    \
    X(ATT_OVERLAP, ATT_CLASS_DATA,                                                                           \
      "other scopes give the growth of the same years already, so the row repeats or denies them")           \
    X(ATT_NO_CONVERGENCE, ATT_CLASS_NUMERIC, "an iteration did not converge")                                \
    X(ATT_NO_PRECISION, ATT_CLASS_NUMERIC, "double precision does not suffice for these figures and prior")

typedef enum {
#define ATT_STATUS_CODE(code, class, text) code,
    ATT_STATUS_TABLE(ATT_STATUS_CODE)
#undef ATT_STATUS_CODE
        ATT_STATUS_COUNT
} att_status;

typedef enum {
    ATT_CLASS_NONE,
    ATT_CLASS_MEMORY,
    ATT_CLASS_ARGUMENT, /* the caller broke the contract of the function */
    ATT_CLASS_DATA,     /* the user's figures cannot be used as they are */
    ATT_CLASS_NUMERIC
} att_status_class;

/* Name ("ATT_OK"), text and class of a status; for a number outside the table "unknown" and
 * ATT_CLASS_ARGUMENT. */
const char *att_status_name(att_status status);
const char *att_status_text(att_status status);
att_status_class att_status_class_of(att_status status);

/* Call once before anything else: GSL's error handler, which would abort the program, is switched off. */
void att_initialize(void);

#endif
