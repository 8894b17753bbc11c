/* Paths of several mixtures that share common factors, drawn in blocks, evaluated and tallied on the fly.
 *
 * The model is that of joint.h: component k of an indicator has the path  m + s L z,  L the reverse-time Cholesky factor
 * of its scale matrix over `year`, descending,
 *
 *     z_j = sum_p loading_p f_pj + sqrt(1 - sum_p loading_p^2) e_j.
 *
 * joint.h takes the years which bounds name. With the same years here, and no other, both speak of one
 * model; further years leave every margin as it is, and change the dependence of two indicators in the years after the
 * first, a little, unless their scale matrices are proportional.
 *
 * A path is a function of independent standard normals alone: f (factors, years), then indicator by indicator one that
 * picks the component (components in ascending order of their scale in the first coordinate; only with two or more),
 * one that gives the scale s (only where some df is finite), and e (coordinates). So rare events are reached by
 * shifting their means.
 *
 * A block is ATT_BLOCK paths from its own stream. Every entry of a tally is an integer, and tallies are added:
 * neither the order of blocks, nor how they are cut into calls, nor the instruction set changes a bit of the sum. Nothing
 * grows with the number of paths. There are no threads here; a simulation may be used by many at once.
 */
#ifndef ATTAIN_SIMULATE_H
#define ATTAIN_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

#include "attain/mixture.h"
#include "attain/target.h"

#define ATT_BLOCK 256
#define ATT_SIMULATION_MOST_TARGETS 64
#define ATT_SIMULATION_MOST_PATTERNS 16 /* targets whose patterns are counted */
#define ATT_HISTOGRAM_BINS 1024
#define ATT_SUM_LIMBS 67

typedef enum { ATT_FASTEST, ATT_PLAIN, ATT_AVX2, ATT_AVX512 } att_instructions;

typedef struct {
    att_mixture mixture;
    int32_t first_year;    /* of its horizon */
    const double *loading; /* (factors), sum of squares at most 1 */
} att_path_indicator;

typedef struct {
    size_t indicators, factors, years, quantities, targets;
    const att_path_indicator *indicator; /* (indicators) */
    const int32_t *year;                 /* (years), descending; those outside a horizon are passed over */
    const att_quantity *quantity;        /* (quantities), those of one target side by side */
    uint64_t seed, scenario;
    att_instructions
        instructions; /* the same bytes by all; ATT_BAD_ARGUMENT for one that the machine lacks */
} att_simulation_job;

typedef struct att_simulation att_simulation;

/* Where a tally (size) of int64_t keeps what. Exact sums are ATT_SUM_LIMBS entries each, read by att_tally_sum. */
typedef struct {
    size_t paths;  /* how many */
    size_t all;    /* how many attain all targets */
    size_t each;   /* (targets) */
    size_t but;    /* (targets) how many attain all others */
    size_t number; /* (targets + 1) how many attain so many */
    size_t
        pattern; /* (patterns): bit t of the index: target t is attained; for more than 16 targets not kept */
    size_t patterns; /* 2^targets, or 0 */
    size_t
        histogram; /* (kept, ATT_HISTOGRAM_BINS + 2): below the range, its bins, above. Of the log of ATT_LEVELS */
    size_t
        moments; /* (kept, 2) exact sums, of v = (x - middle of the range) / range and of v^2, x of the histogram, cut to
                         |v| <= 2^20 */
    size_t kept; /* quantities with a range */
    size_t
        weights; /* (2 + targets, 2) exact sums of importance weights and their squares: of every path, of those that
                         attain all, of those that attain each; only with an aim */
    size_t weighted; /* 2 + targets, or 0 */
    size_t size;
} att_tally_layout;

typedef struct {
    size_t normals; /* that a path is made of */
    size_t indicators, years, quantities;
} att_simulation_size;

/* Reads the job, which may go then. Status of att_mixture_margin for a mixture; ATT_BAD_ARGUMENT: NULL, nothing to draw,
 * years not descending, an indicator without any of the years, a term outside what is drawn, quantities of a target not
 * together, bounds that are NaN, loadings of squares that add up to more than 1. ATT_TOO_MANY: targets.
 * ATT_NO_CONVERGENCE: the scales of a t could not be tabulated. */
att_status att_simulation_open(const att_simulation_job *job, att_simulation **simulation);

/* NULL is welcome. */
void att_simulation_close(att_simulation *simulation);

/* Importance sampling: of each block, path[m] paths are drawn with the means of the normals at shift[m], and the rest,
 * at least one, at 0; a path has the weight of the balance heuristic (Veach & Guibas 1995), the density of the normals
 * over that of the mixture of all these, at most ATT_BLOCK over that rest. shift (modes, normals). */
att_status att_simulation_aim(att_simulation *simulation, size_t modes, const double *shift,
                              const uint32_t *path);

/* How large a path is, and where its tally keeps what. */
att_simulation_size att_simulation_size_of(const att_simulation *simulation);
att_tally_layout att_simulation_layout(const att_simulation *simulation);

/* Adds blocks first .. first + count - 1 to the tally. */
att_status att_simulate_blocks(const att_simulation *simulation, uint64_t first, uint64_t count,
                               int64_t *tally);

/* Adds one tally to another. */
void att_tally_merge(const att_simulation *simulation, int64_t *into, const int64_t *from);

/* An exact sum of doubles, rounded to one. */
double att_tally_sum(const int64_t *sum);

/* The paths themselves, of blocks first .. first + count - 1: normal (paths, normals), path (paths, indicators, years) with NaN
 * where nothing is drawn, quantity (paths, quantities), weight (paths); each may be NULL. */
typedef struct {
    double *normal, *path, *quantity, *weight;
} att_paths;
att_status att_simulate_paths(const att_simulation *simulation, uint64_t first, uint64_t count,
                              const att_paths *out);

/* The quantities (count, quantities) of paths whose normals (count, normals) are given. */
att_status att_simulate_at(const att_simulation *simulation, size_t count, const double *normal,
                           double *quantity);

#endif
