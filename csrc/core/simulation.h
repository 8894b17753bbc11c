/* A simulation as the kernels read it: the job, digested, in tables that a block walks through in order. */
#ifndef ATTAIN_CORE_SIMULATION_H
#define ATTAIN_CORE_SIMULATION_H

#include "attain/random.h"
#include "attain/simulate.h"

struct path_kernel;

/* An indicator. A path's own normals: one for the component, if any; one for the scale, if any; e (coordinates). */
typedef struct {
    size_t coordinates, components, steps; /* steps: the least power of 2 not below components */
    int has_scale;
    size_t normals;        /* own */
    size_t column;         /* of its first coordinate among all paths' */
    size_t stride;         /* doubles of a component in `parameter` */
    const size_t *year;    /* (coordinates), place in the job's years */
    const double *loading; /* (factors) */
    double own;            /* sqrt(1 - sum loading^2) */
    const double
        *threshold; /* (steps), normal scores of the cumulative weights, from components - 1 on infinite */
    const double *parameter;   /* (components, stride): location, then the rows of L's lower triangle */
    const size_t *table;       /* (components), its df's table */
    const double *scale_table; /* (tables, SCALE_TABLE) */
    double *number, *tables;   /* what these point into */
    size_t *place;
} path_source;

typedef struct {
    size_t column;
    double coefficient;
} path_term;

/* A quantity; of ATT_LEVELS terms speak of columns of levels. */
typedef struct {
    att_rule rule;
    size_t first, terms; /* in `term` */
    size_t target;
    double lower, upper;
    int kept;
    double low, bins_per_unit; /* of the histogram */
    size_t histogram, moments; /* their places in the tally */
} path_quantity;

struct att_simulation {
    const struct path_kernel *kernel;
    uint64_t seed, scenario;
    size_t factors, years, sources, columns, levels, quantities, targets, normals;
    path_source *source;     /* (sources) */
    size_t *level;           /* (levels), columns whose exp is needed */
    path_quantity *quantity; /* (quantities) */
    path_term *term;
    att_tally_layout layout;
    size_t modes; /* of importance sampling; 0: none */
    double *shift, *half_square,
        *density;   /* (modes, normals), |shift|^2 / 2, share of a block (modes + 1), nominal last */
    uint32_t *mode; /* (ATT_BLOCK), of each path of a block; `modes` is nominal */
};

/* What a block is worked out in. */
typedef struct {
    double *normal;    /* (most own normals, ATT_BLOCK) */
    double *factor;    /* (factors, years, ATT_BLOCK) */
    double *x;         /* (columns, ATT_BLOCK) */
    double *level;     /* (levels, ATT_BLOCK) */
    double *value;     /* (ATT_BLOCK) */
    double *log_odds;  /* (modes, ATT_BLOCK) of each mode against nominal */
    double *weight;    /* (ATT_BLOCK) */
    double *scale;     /* (ATT_BLOCK) */
    size_t *component; /* (ATT_BLOCK) */
    int64_t *passed;   /* (ATT_BLOCK), bit t: target t is attained */
    int64_t *bin;      /* (ATT_BLOCK) */
} path_work;

att_status path_work_open(const att_simulation *s, path_work *w);
void path_work_free(path_work *w);

#endif
