/* mixture.h for Python: margins of a mixture, their tails and quantiles; mixtures given linear functionals. */
#include "glue.h"

#include "attain/mixture.h"

PyDoc_STRVAR(margin_doc,
             "mixture_margin(weight, df, location, scale, row, /)\n--\n\n"
             "The margin row'X of a mixture: location (K) and scale (K), a standard deviation's unit.\n\n"
             "weight (K), df (K), location (K, H), scale (K, H, H), row (H).");

static PyObject *run_margin(PyObject *module, PyArrayObject *const *in)
{
    size_t components = array_length(in[0], 0), horizon = array_length(in[4], 0);
    att_mixture mixture = {components,          horizon,
                           PyArray_DATA(in[0]), PyArray_DATA(in[1]),
                           PyArray_DATA(in[2]), PyArray_DATA(in[3])};
    PyArrayObject *location = array_out(NPY_DOUBLE, 1, components, 0, 0);
    PyArrayObject *scale = array_out(NPY_DOUBLE, 1, components, 0, 0);
    PyObject *result = NULL;
    if (location && scale) {
        att_status status =
            att_mixture_margin(&mixture, PyArray_DATA(in[4]), PyArray_DATA(location), PyArray_DATA(scale));
        result = status == ATT_OK ? Py_BuildValue("(OO)", location, scale) : raise_status(module, status);
    }
    Py_XDECREF(location);
    Py_XDECREF(scale);
    return result;
}

static int mixture_shapes_agree(PyArrayObject *const *in)
{
    size_t components = array_length(in[0], 0), horizon = array_length(in[4], 0);
    return check_length(in[1], 0, components, "df") == 0 &&
           check_length(in[2], 0, components, "location") == 0 &&
           check_length(in[2], 1, horizon, "location") == 0 &&
           check_length(in[3], 0, components, "scale") == 0 &&
           check_length(in[3], 1, horizon, "scale") == 0 && check_length(in[3], 2, horizon, "scale") == 0;
}

static PyObject *mixture_margin(PyObject *module, PyObject *args)
{
    static const char *const names[5] = {"weight", "df", "location", "scale", "row"};
    static const int dimensions[5] = {1, 1, 2, 3, 1};
    PyObject *objects[5], *result = NULL;
    PyArrayObject *in[5] = {NULL};
    if (!PyArg_ParseTuple(args, "OOOOO:mixture_margin", &objects[0], &objects[1], &objects[2], &objects[3],
                          &objects[4]))
        return NULL;
    int ready = 1;
    for (int i = 0; ready && i < 5; i++)
        ready = (in[i] = array_in(objects[i], NPY_DOUBLE, dimensions[i], names[i])) != NULL;
    if (ready && mixture_shapes_agree(in)) result = run_margin(module, in);
    for (int i = 0; i < 5; i++) Py_XDECREF(in[i]);
    return result;
}

typedef struct {
    PyArrayObject *column[4];
    att_margin margin;
} margin_arrays;

static void release_margin(margin_arrays *m)
{
    for (int i = 0; i < 4; i++) Py_CLEAR(m->column[i]);
}

static int read_margin(PyObject *const *objects, margin_arrays *m)
{
    static const char *const names[4] = {"weight", "df", "location", "scale"};
    *m = (margin_arrays){0};
    for (int i = 0; i < 4; i++) {
        m->column[i] = array_in(objects[i], NPY_DOUBLE, 1, names[i]);
        if (!m->column[i] || check_length(m->column[i], 0, array_length(m->column[0], 0), names[i]) < 0) {
            release_margin(m);
            return -1;
        }
    }
    m->margin =
        (att_margin){array_length(m->column[0], 0), PyArray_DATA(m->column[0]), PyArray_DATA(m->column[1]),
                     PyArray_DATA(m->column[2]), PyArray_DATA(m->column[3])};
    return 0;
}

PyDoc_STRVAR(interval_doc, "margin_log_interval(weight, df, location, scale, lower, upper, /)\n--\n\n"
                           "log P(lower <= X <= upper) of a margin; either bound may be infinite.");

static PyObject *margin_log_interval(PyObject *module, PyObject *args)
{
    PyObject *objects[4];
    double lower, upper, log_probability;
    margin_arrays m;
    if (!PyArg_ParseTuple(args, "OOOOdd:margin_log_interval", &objects[0], &objects[1], &objects[2],
                          &objects[3], &lower, &upper))
        return NULL;
    if (read_margin(objects, &m) < 0) return NULL;
    att_status status = att_margin_log_interval(&m.margin, lower, upper, &log_probability);
    release_margin(&m);
    return status == ATT_OK ? PyFloat_FromDouble(log_probability) : raise_status(module, status);
}

PyDoc_STRVAR(quantile_doc, "margin_quantile(weight, df, location, scale, probability, /)\n--\n\n"
                           "Quantiles of a margin at each probability (Q) in (0, 1).");

static att_status fill_quantiles(const att_margin *margin, const double *p, size_t count, double *x)
{
    att_status status = ATT_OK;
    for (size_t i = 0; status == ATT_OK && i < count; i++) status = att_margin_quantile(margin, p[i], x + i);
    return status;
}

static PyObject *run_quantile(PyObject *module, const att_margin *margin, PyArrayObject *probability)
{
    size_t count = array_length(probability, 0);
    PyArrayObject *x = array_out(NPY_DOUBLE, 1, count, 0, 0);
    att_status status;
    if (!x) return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = fill_quantiles(margin, PyArray_DATA(probability), count, PyArray_DATA(x));
    Py_END_ALLOW_THREADS
    if (status == ATT_OK) return (PyObject *)x;
    Py_DECREF(x);
    return raise_status(module, status);
}

static PyObject *margin_quantile(PyObject *module, PyObject *args)
{
    PyObject *objects[4], *probability_object, *result = NULL;
    margin_arrays m;
    if (!PyArg_ParseTuple(args, "OOOOO:margin_quantile", &objects[0], &objects[1], &objects[2], &objects[3],
                          &probability_object))
        return NULL;
    PyArrayObject *probability = array_in(probability_object, NPY_DOUBLE, 1, "probability");
    if (probability && read_margin(objects, &m) == 0) {
        result = run_quantile(module, &m.margin, probability);
        release_margin(&m);
    }
    Py_XDECREF(probability);
    return result;
}

PyDoc_STRVAR(condition_doc,
             "mixture_condition(weight, df, location, scale, row, value, /)\n--\n\n"
             "The mixture given row'X = value: weight (K), df (K), location (K, H), scale (K, H, H).\n\n"
             "weight (K), df (K), location (K, H), scale (K, H, H), row (C, H), value (C).");

static PyObject *run_condition(PyObject *module, const att_mixture *mixture, PyArrayObject *row,
                               PyArrayObject *value)
{
    size_t components = mixture->components, horizon = mixture->horizon;
    PyArrayObject *weight = array_out(NPY_DOUBLE, 1, components, 0, 0),
                  *df = array_out(NPY_DOUBLE, 1, components, 0, 0),
                  *location = array_out(NPY_DOUBLE, 2, components, horizon, 0),
                  *scale = array_out(NPY_DOUBLE, 3, components, horizon, horizon);
    double *scratch = PyMem_Calloc(horizon + 1, sizeof *scratch);
    att_status status = ATT_NO_MEMORY;
    if (weight && df && location && scale && scratch) {
        Py_BEGIN_ALLOW_THREADS
        status = att_mixture_condition(mixture, array_length(row, 0), PyArray_DATA(row), PyArray_DATA(value),
                                       PyArray_DATA(weight), PyArray_DATA(df), PyArray_DATA(location),
                                       PyArray_DATA(scale), scratch);
        Py_END_ALLOW_THREADS
    }
    PyObject *result = status == ATT_OK ? Py_BuildValue("(OOOO)", weight, df, location, scale)
                                        : raise_status(module, status);
    Py_XDECREF(weight);
    Py_XDECREF(df);
    Py_XDECREF(location);
    Py_XDECREF(scale);
    PyMem_Free(scratch);
    return result;
}

static int condition_shapes_agree(PyArrayObject *const *in)
{
    size_t components = array_length(in[0], 0), horizon = array_length(in[4], 1);
    return check_length(in[1], 0, components, "df") == 0 &&
           check_length(in[2], 0, components, "location") == 0 &&
           check_length(in[2], 1, horizon, "location") == 0 &&
           check_length(in[3], 0, components, "scale") == 0 &&
           check_length(in[3], 1, horizon, "scale") == 0 && check_length(in[3], 2, horizon, "scale") == 0 &&
           check_length(in[5], 0, array_length(in[4], 0), "value") == 0;
}

static PyObject *mixture_condition(PyObject *module, PyObject *args)
{
    static const char *const names[6] = {"weight", "df", "location", "scale", "row", "value"};
    static const int dimensions[6] = {1, 1, 2, 3, 2, 1};
    PyObject *objects[6], *result = NULL;
    PyArrayObject *in[6] = {NULL};
    if (!PyArg_ParseTuple(args, "OOOOOO:mixture_condition", &objects[0], &objects[1], &objects[2],
                          &objects[3], &objects[4], &objects[5]))
        return NULL;
    int ready = 1;
    for (int i = 0; ready && i < 6; i++)
        ready = (in[i] = array_in(objects[i], NPY_DOUBLE, dimensions[i], names[i])) != NULL;
    if (ready && condition_shapes_agree(in)) {
        att_mixture mixture = {array_length(in[0], 0), array_length(in[4], 1), PyArray_DATA(in[0]),
                               PyArray_DATA(in[1]),    PyArray_DATA(in[2]),    PyArray_DATA(in[3])};
        result = run_condition(module, &mixture, in[4], in[5]);
    }
    for (int i = 0; i < 6; i++) Py_XDECREF(in[i]);
    return result;
}

PyMethodDef mixture_methods[] = {{"mixture_margin", mixture_margin, METH_VARARGS, margin_doc},
                                 {"margin_log_interval", margin_log_interval, METH_VARARGS, interval_doc},
                                 {"margin_quantile", margin_quantile, METH_VARARGS, quantile_doc},
                                 {"mixture_condition", mixture_condition, METH_VARARGS, condition_doc},
                                 {NULL, NULL, 0, NULL}};
