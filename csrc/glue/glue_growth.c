/* growth.h for Python: tables of observations in; origins, mixtures, quantiles and scores out. */
#include "glue.h"

#include "attain/growth.h"

_Static_assert(sizeof(att_status) == sizeof(int32_t) && sizeof(att_row_use) == sizeof(int32_t),
               "statuses and uses are written into int32 arrays");

enum { SERIES, YEAR, KIND, SCOPE, VALUE, LOOSENESS, ERROR, COLUMNS };

typedef struct {
    PyArrayObject *column[COLUMNS];
    att_observations table;
} observations;

static void release_observations(observations *o)
{
    for (int c = 0; c < COLUMNS; c++) Py_CLEAR(o->column[c]);
}

/* Reads the seven columns of a table; 0, or -1 with an exception and nothing held. */
static int read_observations(PyObject *const *columns, observations *o)
{
    static const char *const names[COLUMNS] = {"series", "year",      "kind", "scope",
                                               "value",  "looseness", "error"};
    static const int types[COLUMNS] = {NPY_INT64,  NPY_INT32,  NPY_INT32, NPY_INT32,
                                       NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE};
    *o = (observations){0};
    for (int c = 0; c < COLUMNS; c++) {
        o->column[c] = array_in(columns[c], types[c], 1, names[c]);
        if (!o->column[c] || check_length(o->column[c], 0, array_length(o->column[0], 0), names[c]) < 0) {
            release_observations(o);
            return -1;
        }
    }
    o->table = (att_observations){.rows = array_length(o->column[0], 0),
                                  .series = PyArray_DATA(o->column[SERIES]),
                                  .year = PyArray_DATA(o->column[YEAR]),
                                  .kind = PyArray_DATA(o->column[KIND]),
                                  .scope = PyArray_DATA(o->column[SCOPE]),
                                  .value = PyArray_DATA(o->column[VALUE]),
                                  .looseness = PyArray_DATA(o->column[LOOSENESS]),
                                  .error = PyArray_DATA(o->column[ERROR])};
    return 0;
}

/* Reads (points, evidence_limit); a new reference to the array that holds the points. */
static PyArrayObject *read_prior(PyObject *object, att_growth_prior *prior)
{
    PyObject *points;
    double limit;
    if (!PyTuple_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "argument 'prior': a tuple (points, evidence_limit)");
        return NULL;
    }
    if (!PyArg_ParseTuple(object, "Od:prior", &points, &limit)) return NULL;
    PyArrayObject *array = array_in(points, NPY_DOUBLE, 2, "prior");
    if (array && check_length(array, 1, ATT_PRIOR_COLUMNS, "prior") < 0) Py_CLEAR(array);
    if (array) *prior = (att_growth_prior){array_length(array, 0), PyArray_DATA(array), limit};
    return array;
}

PyDoc_STRVAR(
    origins_doc,
    "growth_origins(series, year, kind, scope, value, looseness, error, /)\n--\n\n"
    "Read every series of a flat table (columns of length R; kind 0 level, 1 growth, 2 share; looseness and\n"
    "error as in attain/growth.h, mostly 0).\n\n"
    "Returns (status (R), use (R), origins): status codes of status_table(); use 0 change, 1 first level\n"
    "of a scope, 2 redundant; origins a list of (year, levels, changes, scope, log_level), one a series.");

static PyObject *origins_as_list(const att_origin *origin, size_t count)
{
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t s = 0; list && s < count; s++) {
        PyObject *row = Py_BuildValue("(iiiid)", origin[s].year, origin[s].levels, origin[s].changes,
                                      origin[s].scope, origin[s].log_level);
        if (!row)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, (Py_ssize_t)s, row);
    }
    return list;
}

static PyObject *run_origins(PyObject *module, const att_observations *table, PyArrayObject *status,
                             PyArrayObject *use)
{
    size_t count = att_observations_series(table);
    att_origin *origin = PyMem_Calloc(count ? count : 1, sizeof *origin);
    if (!origin) return PyErr_NoMemory();
    att_status outcome;
    Py_BEGIN_ALLOW_THREADS
    outcome = att_growth_origins(table, PyArray_DATA(status), PyArray_DATA(use), origin);
    Py_END_ALLOW_THREADS
    PyObject *list = outcome == ATT_OK ? origins_as_list(origin, count) : raise_status(module, outcome);
    PyMem_Free(origin);
    return list ? Py_BuildValue("(OON)", status, use, list) : NULL;
}

static PyObject *growth_origins(PyObject *module, PyObject *args)
{
    PyObject *columns[COLUMNS];
    observations o;
    if (!PyArg_ParseTuple(args, "OOOOOOO:growth_origins", &columns[0], &columns[1], &columns[2], &columns[3],
                          &columns[4], &columns[5], &columns[6]))
        return NULL;
    if (read_observations(columns, &o) < 0) return NULL;
    PyArrayObject *status = array_out(NPY_INT32, 1, o.table.rows, 0, 0);
    PyArrayObject *use = array_out(NPY_INT32, 1, o.table.rows, 0, 0);
    PyObject *result = status && use ? run_origins(module, &o.table, status, use) : NULL;
    Py_XDECREF(status);
    Py_XDECREF(use);
    release_observations(&o);
    return result;
}

typedef struct {
    PyArrayObject *weight, *df, *location, *scale;
} mixture_arrays;

static int new_mixture(mixture_arrays *m, size_t components, size_t horizon)
{
    m->weight = array_out(NPY_DOUBLE, 1, components, 0, 0);
    m->df = array_out(NPY_DOUBLE, 1, components, 0, 0);
    m->location = array_out(NPY_DOUBLE, 2, components, horizon, 0);
    m->scale = array_out(NPY_DOUBLE, 3, components, horizon, horizon);
    return m->weight && m->df && m->location && m->scale ? 0 : -1;
}

/* The tuple of the four arrays when the status is ATT_OK, else its exception; the arrays are released. */
static PyObject *finish_mixture(PyObject *module, mixture_arrays *m, att_status status)
{
    PyObject *result = NULL;
    if (status != ATT_OK)
        raise_status(module, status);
    else
        result = Py_BuildValue("(OOOO)", m->weight, m->df, m->location, m->scale);
    Py_XDECREF(m->weight);
    Py_XDECREF(m->df);
    Py_XDECREF(m->location);
    Py_XDECREF(m->scale);
    return result;
}

PyDoc_STRVAR(
    posterior_doc,
    "growth_posterior(prior, series, year, kind, scope, value, looseness, error, horizon, /)\n--\n\n"
    "Posterior of one series over `horizon` years after its origin, in log units.\n\n"
    "prior is (points, evidence_limit), points (G, 11) phi, r, w, q, m0, k0, a0, s0, rho, d, weight. Returns weight (K), df (K), location (K, H)\n"
    "and scale (K, H, H), K = G, or ATT_SCALE_NODES G where a row has an error.");

static PyObject *run_posterior(PyObject *module, const att_growth_prior *prior, const att_observations *table,
                               Py_ssize_t horizon)
{
    mixture_arrays m;
    att_status status = ATT_NO_MEMORY;
    if (new_mixture(&m, att_growth_components(prior, table), (size_t)horizon) == 0) {
        Py_BEGIN_ALLOW_THREADS
        status = att_growth_posterior(prior, table, (size_t)horizon, PyArray_DATA(m.weight),
                                      PyArray_DATA(m.df), PyArray_DATA(m.location), PyArray_DATA(m.scale));
        Py_END_ALLOW_THREADS
    }
    return finish_mixture(module, &m, status);
}

static PyObject *growth_posterior(PyObject *module, PyObject *args)
{
    PyObject *columns[COLUMNS], *prior_object;
    Py_ssize_t horizon;
    observations o;
    att_growth_prior prior;
    if (!PyArg_ParseTuple(args, "OOOOOOOOn:growth_posterior", &prior_object, &columns[0], &columns[1],
                          &columns[2], &columns[3], &columns[4], &columns[5], &columns[6], &horizon))
        return NULL;
    att_status status = att_growth_horizon_check(horizon > 0 ? (size_t)horizon : 0);
    if (status != ATT_OK) return raise_status(module, status);
    PyArrayObject *prior_array = read_prior(prior_object, &prior);
    if (!prior_array) return NULL;
    PyObject *result = NULL;
    if (read_observations(columns, &o) == 0) {
        result = run_posterior(module, &prior, &o.table, horizon);
        release_observations(&o);
    }
    Py_DECREF(prior_array);
    return result;
}

PyDoc_STRVAR(
    random_walk_doc,
    "random_walk_posterior(series, year, kind, scope, value, looseness, error, horizon, /)\n--\n\n"
    "The random walk with drift of one series as a mixture of one component, over `horizon` years after its\n"
    "origin, in log units; the errors are ignored: weight (1), df (1), location (1, H) and scale (1, H, H).");

static PyObject *run_random_walk(PyObject *module, const att_observations *table, Py_ssize_t horizon)
{
    mixture_arrays m;
    att_status status = ATT_NO_MEMORY;
    if (new_mixture(&m, 1, (size_t)horizon) == 0) {
        *(double *)PyArray_DATA(m.weight) = 1;
        Py_BEGIN_ALLOW_THREADS
        status = att_random_walk_posterior(table, (size_t)horizon, PyArray_DATA(m.df),
                                           PyArray_DATA(m.location), PyArray_DATA(m.scale));
        Py_END_ALLOW_THREADS
    }
    return finish_mixture(module, &m, status);
}

static PyObject *random_walk_posterior(PyObject *module, PyObject *args)
{
    PyObject *columns[COLUMNS];
    Py_ssize_t horizon;
    observations o;
    if (!PyArg_ParseTuple(args, "OOOOOOOn:random_walk_posterior", &columns[0], &columns[1], &columns[2],
                          &columns[3], &columns[4], &columns[5], &columns[6], &horizon))
        return NULL;
    att_status status = att_growth_horizon_check(horizon > 0 ? (size_t)horizon : 0);
    if (status != ATT_OK) return raise_status(module, status);
    if (read_observations(columns, &o) < 0) return NULL;
    PyObject *result = run_random_walk(module, &o.table, horizon);
    release_observations(&o);
    return result;
}

PyDoc_STRVAR(
    quantiles_doc,
    "growth_quantiles(prior, series, year, kind, scope, value, looseness, error, first, last, probability, /)\n"
    "--\n\n"
    "Quantiles of the log figure of many series for the years first..last; prior None is the random walk.\n\n"
    "probability (Q) ascends within (0, 1). Returns status (S) and quantile (S, last - first + 1, Q), NaN\n"
    "up to the origin of a series and where its status is not 0.");

/* first..last are years that att_growth_years_check has let pass. */
static PyObject *run_quantiles(PyObject *module, const att_growth_prior *prior, const att_observations *table,
                               int first, int last, PyArrayObject *probability)
{
    size_t count = att_observations_series(table), levels = array_length(probability, 0);
    PyArrayObject *status = array_out(NPY_INT32, 1, count, 0, 0);
    PyArrayObject *quantile = array_out(NPY_DOUBLE, 3, count, (size_t)(last - first) + 1, levels);
    att_status outcome = ATT_NO_MEMORY;
    if (status && quantile) {
        Py_BEGIN_ALLOW_THREADS
        outcome = att_growth_quantiles(prior, table, first, last, levels, PyArray_DATA(probability),
                                       PyArray_DATA(status), PyArray_DATA(quantile));
        Py_END_ALLOW_THREADS
    }
    PyObject *result =
        outcome == ATT_OK ? Py_BuildValue("(OO)", status, quantile) : raise_status(module, outcome);
    Py_XDECREF(status);
    Py_XDECREF(quantile);
    return result;
}

static PyObject *growth_quantiles(PyObject *module, PyObject *args)
{
    PyObject *columns[COLUMNS], *prior_object, *probability_object, *result = NULL;
    PyArrayObject *prior_array = NULL, *probability = NULL;
    int first, last;
    observations o;
    att_growth_prior prior;
    if (!PyArg_ParseTuple(args, "OOOOOOOOiiO:growth_quantiles", &prior_object, &columns[0], &columns[1],
                          &columns[2], &columns[3], &columns[4], &columns[5], &columns[6], &first, &last,
                          &probability_object))
        return NULL;
    if (att_growth_years_check(first, last) != ATT_OK) return raise_status(module, ATT_BAD_ARGUMENT);
    if (prior_object != Py_None && !(prior_array = read_prior(prior_object, &prior))) return NULL;
    probability = array_in(probability_object, NPY_DOUBLE, 1, "probability");
    if (probability && read_observations(columns, &o) == 0) {
        result = run_quantiles(module, prior_array ? &prior : NULL, &o.table, first, last, probability);
        release_observations(&o);
    }
    Py_XDECREF(probability);
    Py_XDECREF(prior_array);
    return result;
}

PyDoc_STRVAR(
    scores_doc,
    "growth_scores(prior, series, year, kind, scope, value, looseness, error, horizon, actual, bound, /)\n--\n\n"
    "Score forecasts of many series against what came; prior None is the random walk.\n\n"
    "horizon (H) in years after each origin; actual (S, H) log figures, NaN where none came; bound (S, H, Q)\n"
    "in logs. Returns status (S), crps, log_score, pit, median (S, H each) and exceed (S, H, Q), the\n"
    "probabilities of at least each bound; NaN where no figure came or the status is not 0.");

enum { CRPS, LOG_SCORE, PIT, MEDIAN, EXCEED, SCORES };

typedef struct {
    PyArrayObject *prior, *horizon, *actual, *bound;
    att_growth_prior points;
    att_score_request request;
} score_arguments;

static void release_score_arguments(score_arguments *a)
{
    Py_CLEAR(a->prior);
    Py_CLEAR(a->horizon);
    Py_CLEAR(a->actual);
    Py_CLEAR(a->bound);
}

/* Reads all but the table, for `series` series; 0, or -1 with an exception. Release whatever comes. */
static int read_score_arguments(PyObject *const *objects, size_t series, score_arguments *a)
{
    if (objects[0] != Py_None && !(a->prior = read_prior(objects[0], &a->points))) return -1;
    if (!(a->horizon = array_in(objects[1], NPY_INT32, 1, "horizon"))) return -1;
    if (!(a->actual = array_in(objects[2], NPY_DOUBLE, 2, "actual"))) return -1;
    if (!(a->bound = array_in(objects[3], NPY_DOUBLE, 3, "bound"))) return -1;
    size_t horizons = array_length(a->horizon, 0);
    if (check_length(a->actual, 0, series, "actual") < 0 || check_length(a->bound, 0, series, "bound") < 0)
        return -1;
    if (check_length(a->actual, 1, horizons, "actual") < 0 ||
        check_length(a->bound, 1, horizons, "bound") < 0)
        return -1;
    a->request = (att_score_request){.horizons = horizons,
                                     .horizon = PyArray_DATA(a->horizon),
                                     .actual = PyArray_DATA(a->actual),
                                     .bounds = array_length(a->bound, 2),
                                     .bound = PyArray_DATA(a->bound)};
    return 0;
}

static int new_scores(PyArrayObject **out, size_t series, const att_score_request *request)
{
    for (int i = CRPS; i < EXCEED; i++)
        if (!(out[i] = array_out(NPY_DOUBLE, 2, series, request->horizons, 0))) return -1;
    out[EXCEED] = array_out(NPY_DOUBLE, 3, series, request->horizons, request->bounds);
    return out[EXCEED] ? 0 : -1;
}

static PyObject *run_scores(PyObject *module, const att_observations *table, const score_arguments *a)
{
    size_t count = att_observations_series(table);
    PyArrayObject *status = array_out(NPY_INT32, 1, count, 0, 0), *out[SCORES] = {NULL};
    att_status outcome = ATT_NO_MEMORY;
    if (status && new_scores(out, count, &a->request) == 0) {
        att_scores scores = {PyArray_DATA(out[CRPS]), PyArray_DATA(out[LOG_SCORE]), PyArray_DATA(out[PIT]),
                             PyArray_DATA(out[MEDIAN]), PyArray_DATA(out[EXCEED])};
        Py_BEGIN_ALLOW_THREADS
        outcome = att_growth_scores(a->prior ? &a->points : NULL, table, &a->request, PyArray_DATA(status),
                                    &scores);
        Py_END_ALLOW_THREADS
    }
    PyObject *result = outcome == ATT_OK ? Py_BuildValue("(OOOOOO)", status, out[CRPS], out[LOG_SCORE],
                                                         out[PIT], out[MEDIAN], out[EXCEED])
                                         : raise_status(module, outcome);
    Py_XDECREF(status);
    for (int i = 0; i < SCORES; i++) Py_XDECREF(out[i]);
    return result;
}

static PyObject *growth_scores(PyObject *module, PyObject *args)
{
    PyObject *columns[COLUMNS], *objects[4], *result = NULL;
    observations o;
    score_arguments a = {0};
    if (!PyArg_ParseTuple(args, "OOOOOOOOOOO:growth_scores", &objects[0], &columns[0], &columns[1],
                          &columns[2], &columns[3], &columns[4], &columns[5], &columns[6], &objects[1],
                          &objects[2], &objects[3]))
        return NULL;
    if (read_observations(columns, &o) < 0) return NULL;
    if (read_score_arguments(objects, att_observations_series(&o.table), &a) == 0)
        result = run_scores(module, &o.table, &a);
    release_score_arguments(&a);
    release_observations(&o);
    return result;
}

PyDoc_STRVAR(
    learn_doc,
    "growth_learn(prior, series, year, kind, scope, value, looseness, error, horizon, actual, importance, steps, "
    "rate, /)\n--\n\n"
    "Weights under which the points of a prior would have foretold best what came.\n\n"
    "horizon (H) in years after each origin; actual (S, H) log figures, NaN where none came; importance (S).\n"
    "Returns weight (G) and the mean log predictive density.");

typedef struct {
    PyArrayObject *prior, *horizon, *actual, *importance;
    att_growth_prior points;
    att_learning task;
} learn_arguments;

static void release_learn_arguments(learn_arguments *a)
{
    Py_CLEAR(a->prior);
    Py_CLEAR(a->horizon);
    Py_CLEAR(a->actual);
    Py_CLEAR(a->importance);
}

/* Reads the arrays, for `series` series; 0, or -1 with an exception. Release whatever comes. */
static int read_learn_arguments(PyObject *const *objects, size_t series, learn_arguments *a)
{
    if (!(a->prior = read_prior(objects[0], &a->points))) return -1;
    if (!(a->horizon = array_in(objects[1], NPY_INT32, 1, "horizon"))) return -1;
    if (!(a->actual = array_in(objects[2], NPY_DOUBLE, 2, "actual"))) return -1;
    if (!(a->importance = array_in(objects[3], NPY_DOUBLE, 1, "importance"))) return -1;
    if (check_length(a->actual, 0, series, "actual") < 0 ||
        check_length(a->actual, 1, array_length(a->horizon, 0), "actual") < 0 ||
        check_length(a->importance, 0, series, "importance") < 0)
        return -1;
    a->task.horizons = array_length(a->horizon, 0);
    a->task.horizon = PyArray_DATA(a->horizon);
    a->task.actual = PyArray_DATA(a->actual);
    a->task.importance = PyArray_DATA(a->importance);
    return 0;
}

static PyObject *run_learn(PyObject *module, const att_observations *table, const learn_arguments *a)
{
    size_t count = att_observations_series(table);
    PyArrayObject *status = array_out(NPY_INT32, 1, count, 0, 0);
    PyArrayObject *weight = array_out(NPY_DOUBLE, 1, a->points.points, 0, 0);
    att_status outcome = ATT_NO_MEMORY;
    double score = 0;
    if (status && weight) {
        Py_BEGIN_ALLOW_THREADS
        outcome =
            att_growth_learn(&a->points, table, &a->task, PyArray_DATA(status), PyArray_DATA(weight), &score);
        Py_END_ALLOW_THREADS
    }
    PyObject *result =
        outcome == ATT_OK ? Py_BuildValue("(Od)", weight, score) : raise_status(module, outcome);
    Py_XDECREF(status);
    Py_XDECREF(weight);
    return result;
}

static PyObject *growth_learn(PyObject *module, PyObject *args)
{
    PyObject *columns[COLUMNS], *objects[4], *result = NULL;
    observations o;
    learn_arguments a = {0};
    Py_ssize_t steps;
    if (!PyArg_ParseTuple(args, "OOOOOOOOOOOnd:growth_learn", &objects[0], &columns[0], &columns[1],
                          &columns[2], &columns[3], &columns[4], &columns[5], &columns[6], &objects[1],
                          &objects[2], &objects[3], &steps, &a.task.rate))
        return NULL;
    if (steps < 0) return raise_status(module, ATT_BAD_ARGUMENT);
    a.task.steps = (size_t)steps;
    if (read_observations(columns, &o) < 0) return NULL;
    if (read_learn_arguments(objects, att_observations_series(&o.table), &a) == 0)
        result = run_learn(module, &o.table, &a);
    release_learn_arguments(&a);
    release_observations(&o);
    return result;
}

PyMethodDef growth_methods[] = {
    {"growth_origins", growth_origins, METH_VARARGS, origins_doc},
    {"growth_posterior", growth_posterior, METH_VARARGS, posterior_doc},
    {"random_walk_posterior", random_walk_posterior, METH_VARARGS, random_walk_doc},
    {"growth_quantiles", growth_quantiles, METH_VARARGS, quantiles_doc},
    {"growth_scores", growth_scores, METH_VARARGS, scores_doc},
    {"growth_learn", growth_learn, METH_VARARGS, learn_doc},
    {NULL, NULL, 0, NULL}};
