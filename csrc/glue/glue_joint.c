/* rectangle.h for Python: the probability of a rectangle. */
#include "glue.h"

#include "attain/rectangle.h"

PyDoc_STRVAR(
    mvn_doc,
    "mvn_log_probability(lower, upper, mean, cov, df, seed, relative_error, max_points, /)\n--\n\n"
    "log P(lower <= X <= upper) of the normal (df inf) or t: (log probability, its standard error, points\n"
    "of the lattice, 0 where none was needed).\n\n"
    "lower, upper, mean (D), cov (D, D).");

static PyObject *run_rectangle(PyObject *module, const att_rectangle *rectangle,
                               const att_rectangle_accuracy *accuracy)
{
    att_rectangle_result result;
    att_status status;
    Py_BEGIN_ALLOW_THREADS
    status = att_rectangle_log_probability(rectangle, accuracy, &result);
    Py_END_ALLOW_THREADS
    if (status != ATT_OK) return raise_status(module, status);
    return Py_BuildValue("(ddn)", result.log_probability, result.log_standard_error,
                         (Py_ssize_t)result.points);
}

static int rectangle_shapes_agree(PyArrayObject *const *in)
{
    size_t n = array_length(in[0], 0);
    return check_length(in[1], 0, n, "upper") == 0 && check_length(in[2], 0, n, "mean") == 0 &&
           check_length(in[3], 0, n, "cov") == 0 && check_length(in[3], 1, n, "cov") == 0;
}

static PyObject *mvn_log_probability(PyObject *module, PyObject *args)
{
    static const char *const names[4] = {"lower", "upper", "mean", "cov"};
    PyObject *objects[4], *result = NULL;
    PyArrayObject *in[4] = {NULL};
    att_rectangle_accuracy accuracy;
    unsigned long long seed;
    Py_ssize_t points;
    double df;
    if (!PyArg_ParseTuple(args, "OOOOdKdn:mvn_log_probability", &objects[0], &objects[1], &objects[2],
                          &objects[3], &df, &seed, &accuracy.relative_error, &points))
        return NULL;
    accuracy.seed = seed;
    accuracy.max_points = points > 0 ? (size_t)points : 0;
    int ready = 1;
    for (int i = 0; ready && i < 4; i++)
        ready = (in[i] = array_in(objects[i], NPY_DOUBLE, i < 3 ? 1 : 2, names[i])) != NULL;
    if (ready && rectangle_shapes_agree(in)) {
        att_rectangle rectangle = {array_length(in[0], 0), PyArray_DATA(in[0]), PyArray_DATA(in[1]),
                                   PyArray_DATA(in[2]),    PyArray_DATA(in[3]), df};
        result = run_rectangle(module, &rectangle, &accuracy);
    }
    for (int i = 0; i < 4; i++) Py_XDECREF(in[i]);
    return result;
}

PyMethodDef joint_methods[] = {{"mvn_log_probability", mvn_log_probability, METH_VARARGS, mvn_doc},
                               {NULL, NULL, 0, NULL}};
