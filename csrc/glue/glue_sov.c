/* sov.h for Python: the probability of bounds that join several mixtures. */
#include "glue.h"

#include "attain/sov.h"

enum { WEIGHT, DF, LOCATION, SCALE, FIELDS };
enum { CORRELATION, ROW, LOWER, UPPER, BOUNDS };

typedef struct {
    size_t indicators, width;     /* width: of a row */
    PyArrayObject **field;        /* (indicators, FIELDS) */
    att_sov_indicator *indicator; /* (indicators) */
    PyArrayObject *bounds[BOUNDS];
} sov_arrays;

static void release(sov_arrays *s)
{
    for (size_t c = 0; s->field && c < s->indicators * FIELDS; c++) Py_XDECREF(s->field[c]);
    for (int b = 0; b < BOUNDS; b++) Py_XDECREF(s->bounds[b]);
    PyMem_Free(s->field);
    PyMem_Free(s->indicator);
}

static int shapes_agree(PyArrayObject *const *in)
{
    size_t components = array_length(in[WEIGHT], 0), horizon = array_length(in[LOCATION], 1);
    return check_length(in[DF], 0, components, "df") == 0 &&
           check_length(in[LOCATION], 0, components, "location") == 0 &&
           check_length(in[SCALE], 0, components, "scale") == 0 &&
           check_length(in[SCALE], 1, horizon, "scale") == 0 &&
           check_length(in[SCALE], 2, horizon, "scale") == 0;
}

/* Reads one tuple (weight, df, location, scale, first_year); 0, or -1 with an exception. */
static int read_indicator(PyObject *tuple, PyArrayObject **in, att_sov_indicator *out)
{
    static const char *const names[FIELDS] = {"weight", "df", "location", "scale"};
    static const int dimensions[FIELDS] = {1, 1, 2, 3};
    PyObject *objects[FIELDS];
    int first_year;
    if (!PyArg_ParseTuple(tuple, "OOOOi:indicator", &objects[WEIGHT], &objects[DF], &objects[LOCATION],
                          &objects[SCALE], &first_year))
        return -1;
    for (int f = 0; f < FIELDS; f++)
        if (!(in[f] = array_in(objects[f], NPY_DOUBLE, dimensions[f], names[f]))) return -1;
    if (!shapes_agree(in)) return -1;
    *out = (att_sov_indicator){{array_length(in[WEIGHT], 0), array_length(in[LOCATION], 1),
                                PyArray_DATA(in[WEIGHT]), PyArray_DATA(in[DF]), PyArray_DATA(in[LOCATION]),
                                PyArray_DATA(in[SCALE])},
                               first_year};
    return 0;
}

static int read_indicators(PyObject *list, sov_arrays *s)
{
    *s = (sov_arrays){.indicators = (size_t)PyList_GET_SIZE(list)};
    s->field = PyMem_Calloc(s->indicators * FIELDS + 1, sizeof *s->field);
    s->indicator = PyMem_Calloc(s->indicators + 1, sizeof *s->indicator);
    if (!s->field || !s->indicator) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < s->indicators; i++) {
        PyObject *tuple = PyList_GET_ITEM(list, (Py_ssize_t)i);
        if (!PyTuple_Check(tuple)) {
            PyErr_SetString(PyExc_TypeError, "argument 'indicators': a list of tuples is needed");
            return -1;
        }
        if (read_indicator(tuple, s->field + i * FIELDS, &s->indicator[i]) < 0) return -1;
        s->width += s->indicator[i].mixture.horizon;
    }
    return 0;
}

static int read_bounds(PyObject *const *objects, sov_arrays *s)
{
    static const char *const names[BOUNDS] = {"correlation", "row", "lower", "upper"};
    static const int dimensions[BOUNDS] = {2, 2, 1, 1};
    PyArrayObject **in = s->bounds;
    for (int b = 0; b < BOUNDS; b++)
        if (!(in[b] = array_in(objects[b], NPY_DOUBLE, dimensions[b], names[b]))) return -1;
    size_t bounds = array_length(in[ROW], 0);
    return check_length(in[CORRELATION], 0, s->indicators, "correlation") == 0 &&
                   check_length(in[CORRELATION], 1, s->indicators, "correlation") == 0 &&
                   check_length(in[ROW], 1, s->width, "row") == 0 &&
                   check_length(in[LOWER], 0, bounds, "lower") == 0 &&
                   check_length(in[UPPER], 0, bounds, "upper") == 0
               ? 0
               : -1;
}

static PyObject *run(PyObject *module, const sov_arrays *s, const att_rectangle_accuracy *accuracy)
{
    PyArrayObject *const *in = s->bounds;
    att_sov sov = {s->indicators,          array_length(in[ROW], 0),
                   s->indicator,           PyArray_DATA(in[CORRELATION]),
                   PyArray_DATA(in[ROW]),  PyArray_DATA(in[LOWER]),
                   PyArray_DATA(in[UPPER])};
    att_sov_result result;
    att_status status;
    Py_BEGIN_ALLOW_THREADS
    status = att_sov_log_probability(&sov, accuracy, &result);
    Py_END_ALLOW_THREADS
    if (status != ATT_OK) return raise_status(module, status);
    return Py_BuildValue("(dddn)", result.log_probability, result.log_error, result.effective,
                         (Py_ssize_t)result.points);
}

PyDoc_STRVAR(
    sov_doc,
    "sov_log_probability(indicators, correlation, row, lower, upper, seed, relative_error, max_points,\n"
    "/)\n--\n\n"
    "log P of all bounds, each on a sum over indicators: (log probability, error of it, effective\n"
    "sample size, points).\n\n"
    "indicators: list of tuples (weight (K), df (K), location (K, H), scale (K, H, H), first_year);\n"
    "correlation (I, I), row (B, sum of H), lower (B), upper (B).");

static PyObject *sov_log_probability(PyObject *module, PyObject *args)
{
    PyObject *list, *objects[BOUNDS], *answer = NULL;
    unsigned long long seed;
    Py_ssize_t points;
    att_rectangle_accuracy accuracy;
    sov_arrays arrays;
    if (!PyArg_ParseTuple(args, "O!OOOOKdn:sov_log_probability", &PyList_Type, &list, &objects[CORRELATION],
                          &objects[ROW], &objects[LOWER], &objects[UPPER], &seed, &accuracy.relative_error,
                          &points))
        return NULL;
    accuracy.seed = seed;
    accuracy.max_points = points > 0 ? (size_t)points : 0;
    if (read_indicators(list, &arrays) == 0 && read_bounds(objects, &arrays) == 0)
        answer = run(module, &arrays, &accuracy);
    release(&arrays);
    return answer;
}

PyMethodDef sov_methods[] = {{"sov_log_probability", sov_log_probability, METH_VARARGS, sov_doc},
                             {NULL, NULL, 0, NULL}};
