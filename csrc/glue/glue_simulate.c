/* simulate.h for Python: a simulation is a capsule, a tally an array of int64 that the caller owns. */
#include "glue.h"

#include "attain/simulate.h"

#define CAPSULE "attain.simulation"

enum { WEIGHT, DF, LOCATION, SCALE, LOADING, SOURCE_FIELDS };
enum { INDICATOR, YEAR, COEFFICIENT, TERM_FIELDS };

/* What the job points into while it is opened. */
typedef struct {
    size_t sources, quantities;
    PyArrayObject **source_field, **term_field; /* (sources, SOURCE_FIELDS), (quantities, TERM_FIELDS) */
    att_path_indicator *indicator;
    att_quantity *quantity;
    att_term **term; /* (quantities) */
} job_arrays;

static void release_job(job_arrays *j)
{
    for (size_t c = 0; j->source_field && c < j->sources * SOURCE_FIELDS; c++) Py_XDECREF(j->source_field[c]);
    for (size_t c = 0; j->term_field && c < j->quantities * TERM_FIELDS; c++) Py_XDECREF(j->term_field[c]);
    for (size_t q = 0; j->term && q < j->quantities; q++) PyMem_Free(j->term[q]);
    PyMem_Free(j->source_field);
    PyMem_Free(j->term_field);
    PyMem_Free(j->indicator);
    PyMem_Free(j->quantity);
    PyMem_Free(j->term);
}

static int prepare_job(job_arrays *j, Py_ssize_t sources, Py_ssize_t quantities)
{
    *j = (job_arrays){.sources = (size_t)sources, .quantities = (size_t)quantities};
    j->source_field = PyMem_Calloc(j->sources * SOURCE_FIELDS + 1, sizeof *j->source_field);
    j->term_field = PyMem_Calloc(j->quantities * TERM_FIELDS + 1, sizeof *j->term_field);
    j->indicator = PyMem_Calloc(j->sources + 1, sizeof *j->indicator);
    j->quantity = PyMem_Calloc(j->quantities + 1, sizeof *j->quantity);
    j->term = PyMem_Calloc(j->quantities + 1, sizeof *j->term);
    if (j->source_field && j->term_field && j->indicator && j->quantity && j->term) return 0;
    PyErr_NoMemory();
    return -1;
}

/* Reads one tuple (weight, df, location, scale, first_year, loading); 0, or -1 with an exception. */
static int read_source(PyObject *tuple, size_t factors, PyArrayObject **in, att_path_indicator *out)
{
    static const char *const names[SOURCE_FIELDS] = {"weight", "df", "location", "scale", "loading"};
    static const int dimensions[SOURCE_FIELDS] = {1, 1, 2, 3, 1};
    PyObject *objects[SOURCE_FIELDS];
    int first_year;
    if (!PyArg_ParseTuple(tuple, "OOOOiO:indicator", &objects[WEIGHT], &objects[DF], &objects[LOCATION],
                          &objects[SCALE], &first_year, &objects[LOADING]))
        return -1;
    for (int f = 0; f < SOURCE_FIELDS; f++)
        if (!(in[f] = array_in(objects[f], NPY_DOUBLE, dimensions[f], names[f]))) return -1;
    size_t components = array_length(in[WEIGHT], 0), horizon = array_length(in[LOCATION], 1);
    if (check_length(in[DF], 0, components, "df") < 0 ||
        check_length(in[LOCATION], 0, components, "location") < 0 ||
        check_length(in[SCALE], 0, components, "scale") < 0 ||
        check_length(in[SCALE], 1, horizon, "scale") < 0 ||
        check_length(in[SCALE], 2, horizon, "scale") < 0 ||
        check_length(in[LOADING], 0, factors, "loading") < 0)
        return -1;
    *out = (att_path_indicator){{components, horizon, PyArray_DATA(in[WEIGHT]), PyArray_DATA(in[DF]),
                                 PyArray_DATA(in[LOCATION]), PyArray_DATA(in[SCALE])},
                                first_year,
                                PyArray_DATA(in[LOADING])};
    return 0;
}

/* Reads one tuple (rule, indicator, year, coefficient, target, lower, upper, low, high). */
static int read_quantity(PyObject *tuple, PyArrayObject **in, att_term **term, att_quantity *out)
{
    static const char *const names[TERM_FIELDS] = {"indicator", "year", "coefficient"};
    static const int types[TERM_FIELDS] = {NPY_INT32, NPY_INT32, NPY_DOUBLE};
    PyObject *objects[TERM_FIELDS];
    Py_ssize_t target;
    int rule;
    if (!PyArg_ParseTuple(tuple, "iOOOndddd:quantity", &rule, &objects[INDICATOR], &objects[YEAR],
                          &objects[COEFFICIENT], &target, &out->lower, &out->upper, &out->low, &out->high))
        return -1;
    for (int f = 0; f < TERM_FIELDS; f++)
        if (!(in[f] = array_in(objects[f], types[f], 1, names[f]))) return -1;
    size_t terms = array_length(in[INDICATOR], 0);
    if (check_length(in[YEAR], 0, terms, "year") < 0 ||
        check_length(in[COEFFICIENT], 0, terms, "coefficient") < 0)
        return -1;
    if (!(*term = PyMem_Calloc(terms + 1, sizeof **term))) {
        PyErr_NoMemory();
        return -1;
    }
    const int32_t *indicator = PyArray_DATA(in[INDICATOR]), *year = PyArray_DATA(in[YEAR]);
    const double *coefficient = PyArray_DATA(in[COEFFICIENT]);
    for (size_t i = 0; i < terms; i++) (*term)[i] = (att_term){(size_t)indicator[i], year[i], coefficient[i]};
    out->rule = (att_rule)rule;
    out->terms = terms;
    out->term = *term;
    out->target = target < 0 ? ATT_NO_TARGET : (size_t)target;
    return 0;
}

static int read_lists(PyObject *sources, PyObject *quantities, size_t factors, job_arrays *j)
{
    if (prepare_job(j, PyList_GET_SIZE(sources), PyList_GET_SIZE(quantities)) < 0) return -1;
    for (size_t i = 0; i < j->sources + j->quantities; i++) {
        PyObject *tuple = i < j->sources ? PyList_GET_ITEM(sources, (Py_ssize_t)i)
                                         : PyList_GET_ITEM(quantities, (Py_ssize_t)(i - j->sources));
        size_t q = i - j->sources;
        if (!PyTuple_Check(tuple)) {
            PyErr_SetString(PyExc_TypeError,
                            "arguments 'indicators' and 'quantities': lists of tuples are needed");
            return -1;
        }
        if (i < j->sources
                ? read_source(tuple, factors, j->source_field + i * SOURCE_FIELDS, &j->indicator[i]) < 0
                : read_quantity(tuple, j->term_field + q * TERM_FIELDS, &j->term[q], &j->quantity[q]) < 0)
            return -1;
    }
    return 0;
}

static void close_capsule(PyObject *capsule)
{
    att_simulation_close(PyCapsule_GetPointer(capsule, CAPSULE));
}

static PyObject *open_job(PyObject *module, const att_simulation_job *job)
{
    att_simulation *simulation;
    att_status status = att_simulation_open(job, &simulation);
    if (status != ATT_OK) return raise_status(module, status);
    PyObject *capsule = PyCapsule_New(simulation, CAPSULE, close_capsule);
    if (!capsule) att_simulation_close(simulation);
    return capsule;
}

PyDoc_STRVAR(
    open_doc,
    "simulation_open(indicators, factors, years, quantities, targets, seed, scenario, instructions, /)\n--\n\n"
    "A simulation, opaque.\n\n"
    "indicators: list of tuples (weight (K), df (K), location (K, H), scale (K, H, H), first_year,\n"
    "loading (P)). years: descending. quantities: list of tuples (rule, indicator (T), year (T),\n"
    "coefficient (T), target or -1, lower, upper, low, high); rule 0 logs, 1 levels, 2 members.\n"
    "instructions: 0 the fastest, 1 plain, 2 AVX2, 3 AVX-512; the same bytes by all.");

static PyObject *simulation_open(PyObject *module, PyObject *args)
{
    PyObject *sources, *year_object, *quantities, *capsule = NULL;
    Py_ssize_t factors, targets;
    unsigned long long seed, scenario;
    int instructions;
    job_arrays arrays = {0};
    if (!PyArg_ParseTuple(args, "O!nOO!nKKi:simulation_open", &PyList_Type, &sources, &factors, &year_object,
                          &PyList_Type, &quantities, &targets, &seed, &scenario, &instructions))
        return NULL;
    PyArrayObject *years = array_in(year_object, NPY_INT32, 1, "years");
    if (years && read_lists(sources, quantities, (size_t)factors, &arrays) == 0) {
        att_simulation_job job = {
            arrays.sources,  (size_t)factors,    array_length(years, 0),        arrays.quantities,
            (size_t)targets, arrays.indicator,   PyArray_DATA(years),           arrays.quantity,
            (uint64_t)seed,  (uint64_t)scenario, (att_instructions)instructions};
        capsule = open_job(module, &job);
    }
    release_job(&arrays);
    Py_XDECREF(years);
    return capsule;
}

PyDoc_STRVAR(aim_doc, "simulation_aim(simulation, shift, paths, /)\n--\n\n"
                      "Importance sampling: of each block paths[m] are drawn about shift[m].\n\n"
                      "shift (M, normals), paths (M), uint32.");

static PyObject *simulation_aim(PyObject *module, PyObject *args)
{
    PyObject *capsule, *shift_object, *path_object, *result = NULL;
    if (!PyArg_ParseTuple(args, "OOO:simulation_aim", &capsule, &shift_object, &path_object)) return NULL;
    att_simulation *s = PyCapsule_GetPointer(capsule, CAPSULE);
    if (!s) return NULL;
    PyArrayObject *shift = array_in(shift_object, NPY_DOUBLE, 2, "shift");
    PyArrayObject *path = shift ? array_in(path_object, NPY_UINT32, 1, "paths") : NULL;
    if (path && check_length(shift, 1, att_simulation_size_of(s).normals, "shift") == 0 &&
        check_length(path, 0, array_length(shift, 0), "paths") == 0) {
        att_status status =
            att_simulation_aim(s, array_length(shift, 0), PyArray_DATA(shift), PyArray_DATA(path));
        result = status == ATT_OK ? Py_NewRef(Py_None) : raise_status(module, status);
    }
    Py_XDECREF(shift);
    Py_XDECREF(path);
    return result;
}

PyDoc_STRVAR(layout_doc,
             "simulation_layout(simulation, /)\n--\n\n"
             "Where a tally keeps what, by the names of att_tally_layout; and `normals`, of a path.");

static PyObject *simulation_layout(PyObject *module, PyObject *capsule)
{
    (void)module;
    const att_simulation *s = PyCapsule_GetPointer(capsule, CAPSULE);
    if (!s) return NULL;
    att_tally_layout at = att_simulation_layout(s);
    return Py_BuildValue("{snsnsnsnsnsnsnsnsnsnsnsnsnsn}", "paths", at.paths, "all", at.all, "each", at.each,
                         "but", at.but, "number", at.number, "pattern", at.pattern, "patterns", at.patterns,
                         "histogram", at.histogram, "moments", at.moments, "kept", at.kept, "weights",
                         at.weights, "weighted", at.weighted, "size", at.size, "normals",
                         att_simulation_size_of(s).normals);
}

/* The tally of an argument, to be written to; NULL with an exception when it is not one. */
static PyArrayObject *tally_of(PyObject *object, const att_simulation *s)
{
    if (PyArray_Check(object)) {
        PyArrayObject *array = (PyArrayObject *)object;
        if (PyArray_TYPE(array) == NPY_INT64 && PyArray_NDIM(array) == 1 && PyArray_ISCARRAY(array) &&
            array_length(array, 0) == att_simulation_layout(s).size)
            return array;
    }
    PyErr_SetString(PyExc_ValueError, "a tally is a contiguous array of int64 of the layout's size");
    return NULL;
}

PyDoc_STRVAR(blocks_doc, "simulate_blocks(simulation, first, count, tally, /)\n--\n\n"
                         "Adds blocks of 256 paths to a tally (size), int64.");

static PyObject *simulate_blocks(PyObject *module, PyObject *args)
{
    PyObject *capsule, *object;
    unsigned long long first, count;
    if (!PyArg_ParseTuple(args, "OKKO:simulate_blocks", &capsule, &first, &count, &object)) return NULL;
    const att_simulation *s = PyCapsule_GetPointer(capsule, CAPSULE);
    PyArrayObject *tally = s ? tally_of(object, s) : NULL;
    if (!tally) return NULL;
    att_status status;
    Py_BEGIN_ALLOW_THREADS
    status = att_simulate_blocks(s, first, count, PyArray_DATA(tally));
    Py_END_ALLOW_THREADS
    return status == ATT_OK ? Py_NewRef(Py_None) : raise_status(module, status);
}

PyDoc_STRVAR(merge_doc, "tally_merge(simulation, into, other, /)\n--\n\n"
                        "Adds one tally to another.");

static PyObject *tally_merge(PyObject *module, PyObject *args)
{
    PyObject *capsule, *into_object, *from_object;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOO:tally_merge", &capsule, &into_object, &from_object)) return NULL;
    const att_simulation *s = PyCapsule_GetPointer(capsule, CAPSULE);
    PyArrayObject *into = s ? tally_of(into_object, s) : NULL, *from = into ? tally_of(from_object, s) : NULL;
    if (!from) return NULL;
    att_tally_merge(s, PyArray_DATA(into), PyArray_DATA(from));
    return Py_NewRef(Py_None);
}

PyDoc_STRVAR(sums_doc, "tally_sums(limbs, /)\n--\n\n"
                       "Exact sums as doubles: limbs (N, 67), int64; (N).");

static PyObject *tally_sums(PyObject *module, PyObject *object)
{
    (void)module;
    PyArrayObject *limbs = array_in(object, NPY_INT64, 2, "limbs"), *out = NULL;
    if (limbs && check_length(limbs, 1, ATT_SUM_LIMBS, "limbs") == 0)
        out = array_out(NPY_DOUBLE, 1, array_length(limbs, 0), 0, 0);
    for (size_t i = 0; out && i < array_length(limbs, 0); i++)
        ((double *)PyArray_DATA(out))[i] = att_tally_sum((int64_t *)PyArray_DATA(limbs) + i * ATT_SUM_LIMBS);
    Py_XDECREF(limbs);
    return (PyObject *)out;
}

PyDoc_STRVAR(paths_doc,
             "simulate_paths(simulation, first, count, /)\n--\n\n"
             "The paths of blocks: normals (N, normals), paths (N, indicators, years), quantities (N, Q),\n"
             "weights (N).");

static PyObject *simulate_paths(PyObject *module, PyObject *args)
{
    PyObject *capsule;
    unsigned long long first, count;
    if (!PyArg_ParseTuple(args, "OKK:simulate_paths", &capsule, &first, &count)) return NULL;
    const att_simulation *s = PyCapsule_GetPointer(capsule, CAPSULE);
    if (!s) return NULL;
    size_t paths = (size_t)count * ATT_BLOCK;
    att_simulation_size size = att_simulation_size_of(s);
    PyArrayObject *out[4] = {array_out(NPY_DOUBLE, 2, paths, size.normals, 0),
                             array_out(NPY_DOUBLE, 3, paths, size.indicators, size.years),
                             array_out(NPY_DOUBLE, 2, paths, size.quantities, 0),
                             array_out(NPY_DOUBLE, 1, paths, 0, 0)};
    att_status status = ATT_NO_MEMORY;
    if (out[0] && out[1] && out[2] && out[3]) {
        att_paths into = {PyArray_DATA(out[0]), PyArray_DATA(out[1]), PyArray_DATA(out[2]),
                          PyArray_DATA(out[3])};
        Py_BEGIN_ALLOW_THREADS
        status = att_simulate_paths(s, first, count, &into);
        Py_END_ALLOW_THREADS
    }
    if (status == ATT_OK) return Py_BuildValue("(NNNN)", out[0], out[1], out[2], out[3]);
    for (int i = 0; i < 4; i++) Py_XDECREF(out[i]);
    return raise_status(module, status);
}

PyDoc_STRVAR(at_doc, "simulate_at(simulation, normals, /)\n--\n\n"
                     "The quantities (N, quantities) of paths with these normals (N, normals).");

static PyObject *simulate_at(PyObject *module, PyObject *args)
{
    PyObject *capsule, *object;
    if (!PyArg_ParseTuple(args, "OO:simulate_at", &capsule, &object)) return NULL;
    const att_simulation *s = PyCapsule_GetPointer(capsule, CAPSULE);
    PyArrayObject *normal = s ? array_in(object, NPY_DOUBLE, 2, "normals") : NULL, *out = NULL;
    att_status status = ATT_OK;
    if (normal && check_length(normal, 1, att_simulation_size_of(s).normals, "normals") == 0)
        out = array_out(NPY_DOUBLE, 2, array_length(normal, 0), att_simulation_size_of(s).quantities, 0);
    if (out) {
        Py_BEGIN_ALLOW_THREADS
        status = att_simulate_at(s, array_length(normal, 0), PyArray_DATA(normal), PyArray_DATA(out));
        Py_END_ALLOW_THREADS
    }
    Py_XDECREF(normal);
    if (status == ATT_OK) return (PyObject *)out;
    Py_DECREF(out);
    return raise_status(module, status);
}

PyMethodDef simulate_methods[] = {{"simulation_open", simulation_open, METH_VARARGS, open_doc},
                                  {"simulation_aim", simulation_aim, METH_VARARGS, aim_doc},
                                  {"simulation_layout", simulation_layout, METH_O, layout_doc},
                                  {"simulate_blocks", simulate_blocks, METH_VARARGS, blocks_doc},
                                  {"tally_merge", tally_merge, METH_VARARGS, merge_doc},
                                  {"tally_sums", tally_sums, METH_O, sums_doc},
                                  {"simulate_paths", simulate_paths, METH_VARARGS, paths_doc},
                                  {"simulate_at", simulate_at, METH_VARARGS, at_doc},
                                  {NULL, NULL, 0, NULL}};
