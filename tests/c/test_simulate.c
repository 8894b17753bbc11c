/* Simulation against what is known: the generator's published words, libm, exact tails, joint probabilities; the same
 * bytes for every instruction set, order and cut; importance sampling; degenerate input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "attain/joint.h"
#include "attain/random.h"
#include "attain/simulate.h"
#include "exact_sum.h"
#include "golden_simulation.h"
#include "kernels.h"
#include "scale_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SOURCES 3
#define YEARS 3
#define COMPONENTS 3
#define MOST_QUANTITIES 12
#define LAST 2028
#define FIRST 2026

static const int32_t ALL_YEARS[] = {2028, 2027, 2026};

/* Walks of different drifts and speeds, some components normal, one factor. */
typedef struct {
    double weight[COMPONENTS], df[COMPONENTS], location[SOURCES][COMPONENTS][YEARS],
        scale[SOURCES][COMPONENTS][YEARS][YEARS], loading[SOURCES];
    att_path_indicator indicator[SOURCES];
    att_term term[MOST_QUANTITIES][6];
    att_quantity quantity[MOST_QUANTITIES];
    att_simulation_job job;
} problem;

/* Writes into what belongs to the caller, since the job points into it. */
static void walks(problem *p, size_t components)
{
    static const double DF[COMPONENTS] = {7.5, INFINITY, 3};
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < SOURCES; i++) {
        for (size_t k = 0; k < components; k++) {
            double speed = 0.01 * (1 + (double)i + 2 * (double)k);
            p->weight[k] = 1.0 / (double)components;
            p->df[k] = DF[k];
            for (size_t a = 0; a < YEARS; a++) {
                p->location[i][k][a] = 0.05 * (double)((a + 1) * (k + 1)) - 0.02 * (double)i;
                for (size_t b = 0; b < YEARS; b++)
                    p->scale[i][k][a][b] =
                        speed * ((double)(a < b ? a : b) + 1 + 0.2 * (double)((a + 1) * (b + 1)));
            }
        }
        p->loading[i] = 0.8 - 0.3 * (double)i;
        p->indicator[i] =
            (att_path_indicator){{components, YEARS, p->weight, p->df, p->location[i][0], p->scale[i][0][0]},
                                 FIRST,
                                 &p->loading[i]};
    }
    p->job = (att_simulation_job){SOURCES,   1,           YEARS, 0, 0,          p->indicator,
                                  ALL_YEARS, p->quantity, 5,     0, ATT_FASTEST};
}

/* Adds a quantity of one target, its terms (indicator, year, coefficient) closed by a coefficient of 0. */
static att_quantity *bounded(problem *p, att_rule rule, double lower, double upper, const att_term *terms)
{
    size_t at = p->job.quantities++;
    size_t count = 0;
    for (; terms[count].coefficient != 0; count++) p->term[at][count] = terms[count];
    p->quantity[at] = (att_quantity){rule, count, p->term[at], p->job.targets++, lower, upper, 0, 0};
    return &p->quantity[at];
}

#define TERMS(...) ((const att_term[]){__VA_ARGS__, {0, 0, 0}})

/* A level with histogram, a growth, a ratio, a sum with histogram, a count. */
static void all_rules(problem *p)
{
    att_quantity *level = bounded(p, ATT_LOGS, 0.1, INFINITY, TERMS({0, LAST, 1}));
    level->low = -2;
    level->high = 3;
    bounded(p, ATT_LOGS, -INFINITY, 0.3, TERMS({1, LAST, 1}, {1, FIRST, -1}));
    bounded(p, ATT_LOGS, -0.5, 0.5, TERMS({1, LAST, 1}, {2, LAST, -1}));
    att_quantity *sum =
        bounded(p, ATT_LEVELS, 3.2, INFINITY, TERMS({0, LAST, 1}, {1, LAST, 1}, {2, LAST, 1}));
    sum->low = -1;
    sum->high = 4;
    bounded(p, ATT_MEMBERS, 2, INFINITY, TERMS({0, LAST, 0.1}, {1, LAST, 0.1}, {2, LAST, 0.1}));
}

static att_simulation *opened(const problem *p)
{
    att_simulation *s;
    assert_int_equal(att_simulation_open(&p->job, &s), ATT_OK);
    return s;
}

static int64_t *tallied(const att_simulation *s, uint64_t first, uint64_t count)
{
    int64_t *tally = calloc(att_simulation_layout(s).size, sizeof *tally);
    assert_int_equal(att_simulate_blocks(s, first, count, tally), ATT_OK);
    return tally;
}

static void assert_within(double value, double expected, double error)
{
    if (!(fabs(value - expected) <= error))
        fail_msg("%.12g is not %.12g within %.2g", value, expected, error);
}

static void the_generator_is_the_published_one(void **unused)
{
    (void)unused;
    static const uint64_t PUBLISHED[] = {41943041u, 58720359u, 3588806011781223u};
    att_stream stream = {.left = 0};
    for (uint64_t i = 0; i < 4; i++)
        for (int lane = 0; lane < ATT_STREAM_LANES; lane++) stream.word[i][lane] = i + 1;
    for (size_t t = 0; t < COUNT(PUBLISHED); t++)
        for (int lane = 0; lane < ATT_STREAM_LANES; lane++)
            assert_true(att_stream_next(&stream) == PUBLISHED[t]);
}

static void keys_are_told_apart(void **unused)
{
    (void)unused;
    uint64_t seen[4 * 27];
    size_t count = 0;
    for (uint64_t key = 0; key < 27; key++) {
        att_stream stream = att_stream_open(key / 9, key / 3 % 3, key % 3);
        for (int i = 0; i < 4; i++) seen[count++] = att_stream_next(&stream);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) assert_true(seen[i] != seen[j]);
}

/* Box and Muller's formula by libm, from the same words. */
static void normals_are_those_of_libm(void **unused)
{
    (void)unused;
    double normal[2 * ATT_BLOCK];
    att_stream stream = att_stream_open(1, 2, 3), same = stream;
    path_choose(ATT_FASTEST)->normals(&stream, 2, normal);
    for (double *at = normal; at < normal + COUNT(normal); at += 2 * ATT_STREAM_LANES) {
        double radius[ATT_STREAM_LANES];
        for (int lane = 0; lane < ATT_STREAM_LANES; lane++)
            radius[lane] = sqrt(-2 * log(((double)(att_stream_next(&same) >> 12) + 0.5) * 0x1p-52));
        for (int lane = 0; lane < ATT_STREAM_LANES; lane++) {
            uint64_t word = att_stream_next(&same);
            double angle = (((double)(word >> 12) + 0.5) * 0x1p-51 - 1) * atan(1);
            double cosine = (word & 2 ? -1 : 1) * cos(angle), sine = sin(angle);
            double one = radius[lane] * (word & 1 ? sine : cosine),
                   other = radius[lane] * (word & 1 ? cosine : sine);
            assert_within(at[lane], one, 2e-15 * fabs(radius[lane]));
            assert_within(at[lane + ATT_STREAM_LANES], other, 2e-15 * fabs(radius[lane]));
        }
    }
    assert_true(att_stream_next(&stream) == att_stream_next(&same));
}

/* The tail of chi^2 at the scale of a normal is that of the normal; their difference in normals, in log scales. */
static void scales_are_quantiles(void **unused)
{
    (void)unused;
    static const double DF[] = {0.1, 0.7, 2, 3, 9, 14.3, 50, 1000, 9e4, 1.1e5};
    double *table = malloc(SCALE_TABLE * sizeof *table);
    for (size_t i = 0; i < COUNT(DF); i++) {
        assert_int_equal(scale_table_fill(DF[i], table), ATT_OK);
        for (double z = -8.5; z < 8.6; z += 0.137) {
            double place = (z + SCALE_FARTHEST) * SCALE_CELLS / (2 * SCALE_FARTHEST),
                   t = place - floor(place);
            const double *c = table + 4 * (size_t)place;
            double log_scale = c[0] + t * (c[1] + t * (c[2] + t * c[3])),
                   square = DF[i] * exp(-2 * log_scale);
            if (square < 1e-290) continue; /* beyond GSL */
            double tail = z > 0 ? gsl_cdf_chisq_P(square, DF[i]) : gsl_cdf_chisq_Q(square, DF[i]);
            double wanted = att_log_tail(z, INFINITY, z > 0 ? ATT_UPPER : ATT_LOWER);
            double normals = fabs(log(tail) - wanted) * exp(wanted - att_log_density(z, INFINITY));
            double slope = (c[1] + t * (2 * c[2] + t * 3 * c[3])) * SCALE_CELLS / (2 * SCALE_FARTHEST);
            if (!(normals * slope < 3e-7))
                fail_msg("df %g, z %g: log scale off by %g", DF[i], z, normals * slope);
        }
    }
    free(table);
}

static void sums_are_exact(void **unused)
{
    (void)unused;
    int64_t one[ATT_SUM_LIMBS] = {0}, other[ATT_SUM_LIMBS] = {0};
    static const double TERMS_OF_ALL_SIZES[] = {1e300, -1.5, 3e-310, 1e17, -1e300, 1, 0.1, -1e17, 5e-324};
    for (size_t i = 0; i < COUNT(TERMS_OF_ALL_SIZES); i++) {
        exact_sum_add(one, TERMS_OF_ALL_SIZES[i]);
        exact_sum_add(other, TERMS_OF_ALL_SIZES[COUNT(TERMS_OF_ALL_SIZES) - 1 - i]);
    }
    assert_memory_equal(one, other, sizeof one);
    assert_within(att_tally_sum(one), -0.4, 1e-16);
}

static void any_order_and_any_cut_give_the_same_bytes(void **unused)
{
    (void)unused;
    problem p;
    walks(&p, COMPONENTS);
    all_rules(&p);
    att_simulation *s = opened(&p);
    size_t bytes = att_simulation_layout(s).size * sizeof(int64_t);
    int64_t *whole = tallied(s, 0, 12), *last = tallied(s, 7, 5), *first = tallied(s, 0, 3),
            *middle = tallied(s, 3, 4);
    att_tally_merge(s, last, middle);
    att_tally_merge(s, last, first);
    assert_memory_equal(whole, last, bytes);
    free(whole);
    free(last);
    free(first);
    free(middle);
    att_simulation_close(s);
}

static uint64_t hash_of(const int64_t *tally, size_t size)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++) hash = (hash ^ (uint64_t)tally[i]) * 1099511628211u;
    return hash;
}

/* One problem with everything, mixtures and importance sampling included. */
static uint64_t everything(att_instructions instructions)
{
    problem p;
    walks(&p, COMPONENTS);
    all_rules(&p);
    p.job.instructions = instructions;
    att_simulation *s = opened(&p);
    size_t normals = att_simulation_size_of(s).normals;
    double *shift = calloc(2 * normals, sizeof *shift);
    uint32_t path[] = {100, 50};
    for (size_t r = 0; r < normals; r++) shift[r] = 0.3, shift[normals + r] = r % 2 ? -0.2 : 0;
    assert_int_equal(att_simulation_aim(s, 2, shift, path), ATT_OK);
    int64_t *tally = tallied(s, 0, 40);
    uint64_t hash = hash_of(tally, att_simulation_layout(s).size);
    free(tally);
    free(shift);
    att_simulation_close(s);
    return hash;
}

static void all_instructions_give_the_bytes_of_the_golden_file(void **unused)
{
    (void)unused;
    for (int set = ATT_FASTEST; set <= ATT_AVX512; set++)
        if (path_choose((att_instructions)set))
            assert_int_equal(everything((att_instructions)set), GOLDEN_HASH);
}

static double tail_of(const problem *p, size_t i, size_t years, const double *row, double lower, double upper)
{
    double location[COMPONENTS], scale[COMPONENTS], log_p;
    const att_mixture *m = &p->indicator[i].mixture;
    (void)years;
    assert_int_equal(att_mixture_margin(m, row, location, scale), ATT_OK);
    att_margin margin = {m->components, m->weight, m->df, location, scale};
    assert_int_equal(att_margin_log_interval(&margin, lower, upper, &log_p), ATT_OK);
    return exp(log_p);
}

/* Counts, quantiles and moments of one margin against the exact ones. */
static void margins_are_exact(void **unused)
{
    (void)unused;
    const double last[] = {0, 0, 1}, change[] = {-1, 0, 1}, blocks = 2000, paths = blocks * ATT_BLOCK;
    for (size_t components = 1; components <= COMPONENTS; components += 2) {
        problem p;
        walks(&p, components);
        all_rules(&p);
        att_simulation *s = opened(&p);
        att_tally_layout at = att_simulation_layout(s);
        int64_t *tally = tallied(s, 0, (uint64_t)blocks);
        double each[] = {tail_of(&p, 0, YEARS, last, 0.1, INFINITY),
                         tail_of(&p, 1, YEARS, change, -INFINITY, 0.3)};
        for (size_t t = 0; t < 2; t++)
            assert_within((double)tally[at.each + t] / paths, each[t],
                          4 * sqrt(each[t] * (1 - each[t]) / paths));
        int64_t below = 0;
        for (size_t b = 0; b <= ATT_HISTOGRAM_BINS / 2; b++) below += tally[at.histogram + b];
        double half = tail_of(&p, 0, YEARS, last, -INFINITY, 0.5);
        assert_within((double)below / paths, half, 4 * sqrt(half * (1 - half) / paths));
        assert_int_equal(tally[at.paths], (int64_t)paths);
        free(tally);
        att_simulation_close(s);
    }
}

/* Of a normal the moments are known: location 0.13, variance that of the scale matrix. */
static void moments_are_those_of_the_normal(void **unused)
{
    (void)unused;
    problem p;
    walks(&p, 1);
    p.df[0] = INFINITY;
    all_rules(&p);
    att_simulation *s = opened(&p);
    att_tally_layout at = att_simulation_layout(s);
    int64_t *tally = tallied(s, 0, 1000);
    double n = 1000.0 * ATT_BLOCK, mean = att_tally_sum(tally + at.moments) / n;
    double variance = att_tally_sum(tally + at.moments + ATT_SUM_LIMBS) / n - mean * mean,
           known = p.scale[0][0][2][2];
    assert_within(0.5 + 5 * mean, p.location[0][0][2], 4 * sqrt(known / n));
    assert_within(25 * variance, known, 4 * known * sqrt(2 / n));
    free(tally);
    att_simulation_close(s);
}

/* Bounds in two of three years on three indicators: the years that bounds name are drawn, and the last comes first. */
static void joint_probabilities_are_those_of_joint(void **unused)
{
    (void)unused;
    static const int32_t NAMED[] = {2028, 2026};
    static const double rows[2][YEARS] = {{0, 0, 1}, {1, 0, 0}}, upper[] = {INFINITY, INFINITY};
    const double blocks = 4000, paths = blocks * ATT_BLOCK;
    problem p;
    walks(&p, COMPONENTS);
    p.job.years = 2;
    p.job.year = NAMED;
    att_joint_indicator indicator[SOURCES];
    double lower[SOURCES][2];
    for (size_t i = 0; i < SOURCES; i++) {
        lower[i][0] = 0.2;
        lower[i][1] = -0.05;
        bounded(&p, ATT_LOGS, 0.2, INFINITY, TERMS({i, 2028, 1}));
        bounded(&p, ATT_LOGS, -0.05, INFINITY, TERMS({i, 2026, 1}));
        indicator[i] =
            (att_joint_indicator){p.indicator[i].mixture, FIRST, &p.loading[i], 2, rows[0], lower[i], upper};
    }
    att_joint joint = {SOURCES, 1, indicator};
    att_rectangle_accuracy accuracy = {0, 1e-4, 1572864};
    att_joint_result result;
    assert_int_equal(att_joint_log_probability(&joint, &accuracy, &result), ATT_OK);
    att_simulation *s = opened(&p);
    int64_t *tally = tallied(s, 0, (uint64_t)blocks);
    double expected = exp(result.log_probability),
           found = (double)tally[att_simulation_layout(s).all] / paths;
    assert_within(found, expected,
                  4 * sqrt(expected * (1 - expected) / paths) + 4 * expected * result.log_error);
    free(tally);
    att_simulation_close(s);
}

static void tallies_of_attainment_agree(void **unused)
{
    (void)unused;
    problem p;
    walks(&p, COMPONENTS);
    all_rules(&p);
    att_simulation *s = opened(&p);
    att_tally_layout at = att_simulation_layout(s);
    int64_t *tally = tallied(s, 0, 50), each[5] = {0}, but[5] = {0}, number[6] = {0};
    for (size_t set = 0; set < at.patterns; set++) {
        int64_t found = tally[at.pattern + set];
        size_t bits = 0;
        for (size_t t = 0; t < 5; t++) {
            bits += set >> t & 1;
            each[t] += set >> t & 1 ? found : 0;
            but[t] += (set | (size_t)1 << t) == 31 ? found : 0;
        }
        number[bits] += found;
    }
    assert_int_equal(at.patterns, 32);
    assert_memory_equal(each, tally + at.each, sizeof each);
    assert_memory_equal(but, tally + at.but, sizeof but);
    assert_memory_equal(number, tally + at.number, sizeof number);
    assert_int_equal(tally[at.all], tally[at.pattern + 31]);
    free(tally);
    att_simulation_close(s);
}

/* A tail of 1e-6 of one margin, reached by shifts of its normals; and the weights have mean 1. */
static void weights_reach_rare_events(void **unused)
{
    (void)unused;
    const double last[] = {0, 0, 1}, paths = 4000.0 * ATT_BLOCK;
    problem p;
    walks(&p, 1);
    bounded(&p, ATT_LOGS, 3.2, INFINITY, TERMS({0, LAST, 1}));
    att_simulation *s = opened(&p);
    size_t normals = att_simulation_size_of(s).normals;
    double *shift = calloc(2 * normals, sizeof *shift);
    shift[0] = shift[YEARS + 1] = 1.8; /* f and e of the last year */
    shift[YEARS] = 3.2;                /* the scale */
    shift[normals] = shift[normals + YEARS + 1] = 2.4;
    shift[normals + YEARS] = 2;
    assert_int_equal(att_simulation_aim(s, 2, shift, (const uint32_t[]){115, 115}), ATT_OK);
    att_tally_layout at = att_simulation_layout(s);
    int64_t *tally = tallied(s, 0, 4000), *sum = tally + at.weights;
    double total = att_tally_sum(sum), squares = att_tally_sum(sum + ATT_SUM_LIMBS);
    assert_within(total / paths, 1, 4 * sqrt(squares) / paths);
    double hit = att_tally_sum(sum + 2 * ATT_SUM_LIMBS) / paths;
    double error = sqrt(att_tally_sum(sum + 3 * ATT_SUM_LIMBS)) / paths,
           exact = tail_of(&p, 0, YEARS, last, 3.2, INFINITY);
    assert_within(hit, exact, 4 * error);
    assert_true(exact < 1e-4 && error < 0.01 * exact);
    assert_true(att_tally_sum(sum + 4 * ATT_SUM_LIMBS) == att_tally_sum(sum + 2 * ATT_SUM_LIMBS));
    free(tally);
    free(shift);
    att_simulation_close(s);
}

/* Paths as they are: normals give the same quantities again; years outside a horizon are NaN. */
static void paths_are_what_is_tallied(void **unused)
{
    (void)unused;
    static const int32_t EARLIER[] = {2028, 2027, 2026, 2025};
    problem p;
    walks(&p, COMPONENTS);
    all_rules(&p);
    p.job.years = 4;
    p.job.year = EARLIER;
    att_simulation *s = opened(&p);
    size_t normals = att_simulation_size_of(s).normals;
    double *normal = calloc(2 * ATT_BLOCK * normals, sizeof *normal),
           *path = calloc(2 * ATT_BLOCK * SOURCES * 4, sizeof *path);
    double quantity[2 * ATT_BLOCK * 5], again[2 * ATT_BLOCK * 5], weight[2 * ATT_BLOCK];
    assert_int_equal(att_simulate_paths(s, 3, 2, &(att_paths){normal, path, quantity, weight}), ATT_OK);
    assert_int_equal(att_simulate_at(s, 300, normal, again), ATT_OK);
    assert_memory_equal(quantity, again, 300 * 5 * sizeof *quantity);
    int64_t *tally = tallied(s, 3, 2), attained = 0;
    for (size_t i = 0; i < 2 * ATT_BLOCK; i++) {
        attained += path[i * SOURCES * 4] >= 0.1;
        assert_true(isnan(path[i * SOURCES * 4 + 3]) && weight[i] == 1);
        assert_within(quantity[i * 5 + 3], exp(path[i * 12]) + exp(path[i * 12 + 4]) + exp(path[i * 12 + 8]),
                      1e-14 * quantity[i * 5 + 3]);
    }
    assert_int_equal(attained, tally[att_simulation_layout(s).each]);
    free(tally);
    free(normal);
    free(path);
    att_simulation_close(s);
}

static att_status status_of(const problem *p)
{
    att_simulation *s;
    att_status status = att_simulation_open(&p->job, &s);
    assert_true((s == NULL) == (status != ATT_OK));
    att_simulation_close(s);
    return status;
}

static void what_is_wrong_has_a_status(void **unused)
{
    (void)unused;
    static const int32_t ASCENDING[] = {2026, 2027};
    problem p;
    att_simulation *s;
    assert_int_equal(att_simulation_open(NULL, &s), ATT_BAD_ARGUMENT);
    att_simulation_close(NULL);
#define AFTER(change, expected)                                                                              \
    walks(&p, COMPONENTS);                                                                                   \
    all_rules(&p);                                                                                           \
    change;                                                                                                  \
    assert_int_equal(status_of(&p), expected)
    AFTER((void)0, ATT_OK);
    AFTER(p.job.years = 2; p.job.year = ASCENDING, ATT_BAD_ARGUMENT);
    AFTER(p.loading[1] = 1.01, ATT_BAD_ARGUMENT);
    AFTER(p.term[1][1].year = 2029, ATT_BAD_ARGUMENT);
    AFTER(p.term[3][2].indicator = 3, ATT_BAD_ARGUMENT);
    AFTER(p.term[3][2].coefficient = NAN, ATT_BAD_ARGUMENT);
    AFTER(p.quantity[0].lower = NAN, ATT_BAD_ARGUMENT);
    AFTER(p.quantity[0].target = 5, ATT_BAD_ARGUMENT);
    AFTER(p.job.targets = 6, ATT_BAD_ARGUMENT);
    AFTER(p.job.targets = 65, ATT_TOO_MANY);
    AFTER(p.weight[0] = NAN, ATT_NOT_FINITE);
    AFTER(p.df[0] = 0.01, ATT_BAD_ARGUMENT);
    AFTER(p.scale[1][0][0][2] = p.scale[1][0][2][0] = 9, ATT_BAD_ARGUMENT);
    AFTER(p.indicator[0].first_year = 2040, ATT_BAD_ARGUMENT);
    AFTER(p.job.instructions = (att_instructions)9, ATT_BAD_ARGUMENT);
}

int main(void)
{
    att_initialize();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_the_published_one),
        cmocka_unit_test(keys_are_told_apart),
        cmocka_unit_test(normals_are_those_of_libm),
        cmocka_unit_test(scales_are_quantiles),
        cmocka_unit_test(sums_are_exact),
        cmocka_unit_test(any_order_and_any_cut_give_the_same_bytes),
        cmocka_unit_test(all_instructions_give_the_bytes_of_the_golden_file),
        cmocka_unit_test(margins_are_exact),
        cmocka_unit_test(moments_are_those_of_the_normal),
        cmocka_unit_test(joint_probabilities_are_those_of_joint),
        cmocka_unit_test(tallies_of_attainment_agree),
        cmocka_unit_test(weights_reach_rare_events),
        cmocka_unit_test(paths_are_what_is_tallied),
        cmocka_unit_test(what_is_wrong_has_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
