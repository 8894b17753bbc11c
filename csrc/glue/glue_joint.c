/* rectangle.h and joint.h for Python: the probability of a rectangle, and of bounds on several mixtures. */
#include "glue.h"

#include "attain/joint.h"
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

enum { WEIGHT, DF, LOCATION, SCALE, LOADING, ROW, LOWER, UPPER, FIELDS };

typedef struct {
    size_t indicators;
    PyArrayObject **field;          /* (indicators, FIELDS) */
    att_joint_indicator *indicator; /* (indicators) */
} joint_arrays;

static void release_joint(joint_arrays *j)
{
    for (size_t c = 0; j->field && c < j->indicators * FIELDS; c++) Py_XDECREF(j->field[c]);
    PyMem_Free(j->field);
    PyMem_Free(j->indicator);
}

static int joint_shapes_agree(PyArrayObject *const *in)
{
    size_t components = array_length(in[WEIGHT], 0), horizon = array_length(in[LOCATION], 1);
    size_t bounds = array_length(in[ROW], 0);
    return check_length(in[DF], 0, components, "df") == 0 &&
           check_length(in[LOCATION], 0, components, "location") == 0 &&
           check_length(in[SCALE], 0, components, "scale") == 0 &&
           check_length(in[SCALE], 1, horizon, "scale") == 0 &&
           check_length(in[SCALE], 2, horizon, "scale") == 0 &&
           check_length(in[ROW], 1, horizon, "row") == 0 &&
           check_length(in[LOWER], 0, bounds, "lower") == 0 &&
           check_length(in[UPPER], 0, bounds, "upper") == 0;
}

/* Reads one tuple (weight, df, location, scale, first_year, loading, row, lower, upper); 0, or -1 with an exception. */
static int read_indicator(PyObject *tuple, PyArrayObject **in, att_joint_indicator *out)
{
    static const char *const names[FIELDS] = {"weight",  "df",  "location", "scale",
                                              "loading", "row", "lower",    "upper"};
    static const int dimensions[FIELDS] = {1, 1, 2, 3, 1, 2, 1, 1};
    PyObject *objects[FIELDS];
    int first_year;
    if (!PyArg_ParseTuple(tuple, "OOOOiOOOO:indicator", &objects[WEIGHT], &objects[DF], &objects[LOCATION],
                          &objects[SCALE], &first_year, &objects[LOADING], &objects[ROW], &objects[LOWER],
                          &objects[UPPER]))
        return -1;
    for (int f = 0; f < FIELDS; f++)
        if (!(in[f] = array_in(objects[f], NPY_DOUBLE, dimensions[f], names[f]))) return -1;
    if (!joint_shapes_agree(in)) return -1;
    *out = (att_joint_indicator){
        .mixture = {array_length(in[WEIGHT], 0), array_length(in[LOCATION], 1), PyArray_DATA(in[WEIGHT]),
                    PyArray_DATA(in[DF]), PyArray_DATA(in[LOCATION]), PyArray_DATA(in[SCALE])},
        .first_year = first_year,
        .loading = PyArray_DATA(in[LOADING]),
        .bounds = array_length(in[ROW], 0),
        .row = PyArray_DATA(in[ROW]),
        .lower = PyArray_DATA(in[LOWER]),
        .upper = PyArray_DATA(in[UPPER]),
    };
    return 0;
}

static int read_joint(PyObject *list, joint_arrays *j)
{
    *j = (joint_arrays){.indicators = (size_t)PyList_GET_SIZE(list)};
    j->field = PyMem_Calloc(j->indicators * FIELDS + 1, sizeof *j->field);
    j->indicator = PyMem_Calloc(j->indicators + 1, sizeof *j->indicator);
    if (!j->field || !j->indicator) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < j->indicators; i++) {
        PyObject *tuple = PyList_GET_ITEM(list, (Py_ssize_t)i);
        if (!PyTuple_Check(tuple)) {
            PyErr_SetString(PyExc_TypeError, "argument 'indicators': a list of tuples is needed");
            return -1;
        }
        if (read_indicator(tuple, j->field + i * FIELDS, &j->indicator[i]) < 0) return -1;
        if (check_length(j->field[i * FIELDS + LOADING], 0, array_length(j->field[LOADING], 0), "loading") <
            0)
            return -1;
    }
    return 0;
}

/* One answer, or, with `subsets`, those of all subsets. */
static PyObject *run_joint(PyObject *module, const att_joint *joint, const att_rectangle_accuracy *accuracy,
                           int subsets)
{
    size_t bounds = 0;
    for (size_t i = 0; i < joint->indicators; i++) bounds += joint->indicator[i].bounds;
    if (subsets && bounds > ATT_JOINT_MOST_SUBSETS) return raise_status(module, ATT_TOO_MANY);
    size_t count = subsets ? (size_t)1 << bounds : 1;
    att_joint_result *result = PyMem_Calloc(count, sizeof *result);
    PyArrayObject *out = array_out(NPY_DOUBLE, 2, count, 2, 0);
    att_status status = ATT_NO_MEMORY;
    if (result && out) {
        Py_BEGIN_ALLOW_THREADS
        status = subsets ? att_joint_subsets(joint, accuracy, result)
                         : att_joint_log_probability(joint, accuracy, result);
        Py_END_ALLOW_THREADS
        double *cell = PyArray_DATA(out);
        for (size_t a = 0; a < count; a++) {
            cell[2 * a] = result[a].log_probability;
            cell[2 * a + 1] = result[a].log_error;
        }
    }
    PyMem_Free(result);
    if (status == ATT_OK) return (PyObject *)out;
    Py_XDECREF(out);
    return raise_status(module, status);
}

static PyObject *joint_of(PyObject *module, PyObject *args, const char *format, int subsets)
{
    PyObject *list, *answer = NULL;
    unsigned long long seed;
    Py_ssize_t points;
    att_rectangle_accuracy accuracy;
    joint_arrays arrays;
    if (!PyArg_ParseTuple(args, format, &PyList_Type, &list, &seed, &accuracy.relative_error, &points))
        return NULL;
    accuracy.seed = seed;
    accuracy.max_points = points > 0 ? (size_t)points : 0;
    if (read_joint(list, &arrays) == 0) {
        size_t factors = arrays.indicators ? array_length(arrays.field[LOADING], 0) : 0;
        att_joint joint = {arrays.indicators, factors, arrays.indicator};
        answer = run_joint(module, &joint, &accuracy, subsets);
    }
    release_joint(&arrays);
    return answer;
}

PyDoc_STRVAR(joint_doc,
             "joint_log_probability(indicators, seed, relative_error, max_points, /)\n--\n\n"
             "log P of all bounds and the error of it, array (1, 2).\n\n"
             "indicators: list of tuples (weight (K), df (K), location (K, H), scale (K, H, H), first_year,\n"
             "loading (P), row (B, H), lower (B), upper (B)).");

static PyObject *joint_log_probability(PyObject *module, PyObject *args)
{
    return joint_of(module, args, "O!Kdn:joint_log_probability", 0);
}

PyDoc_STRVAR(subsets_doc,
             "joint_subsets(indicators, seed, relative_error, max_points, /)\n--\n\n"
             "The same for every subset of the bounds, array (2^B, 2); bit b of an index: bound b.");

static PyObject *joint_subsets(PyObject *module, PyObject *args)
{
    return joint_of(module, args, "O!Kdn:joint_subsets", 1);
}

#define MEMO_NAME "attain.joint_memo"

static void free_memo(PyObject *capsule)
{
    att_joint_memo_free(PyCapsule_GetPointer(capsule, MEMO_NAME));
}

PyDoc_STRVAR(memo_doc, "joint_memo(most, /)\n--\n\n"
                       "What joint_log_probability_again remembers: so many indicators, for one thread.");

static PyObject *joint_memo(PyObject *Py_UNUSED(module), PyObject *args)
{
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "n:joint_memo", &most)) return NULL;
    att_joint_memo *memo = att_joint_memo_new(most > 0 ? (size_t)most : 0);
    if (!memo) return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(memo, MEMO_NAME, free_memo);
    if (!capsule) att_joint_memo_free(memo);
    return capsule;
}

PyDoc_STRVAR(
    again_doc,
    "joint_log_probability_again(indicators, key, memo, seed, relative_error, max_points, /)\n--\n\n"
    "joint_log_probability to the last bit; what was computed of indicators of the same key is used again.\n\n"
    "indicators as there, key (I) uint64, memo of joint_memo().");

static PyObject *run_again(PyObject *module, const att_joint *joint, PyArrayObject *key, att_joint_memo *memo,
                           const att_rectangle_accuracy *accuracy)
{
    att_joint_result result;
    att_status status;
    if (check_length(key, 0, joint->indicators, "key") < 0) return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = att_joint_log_probability_again(joint, PyArray_DATA(key), memo, accuracy, &result);
    Py_END_ALLOW_THREADS
    if (status != ATT_OK) return raise_status(module, status);
    return Py_BuildValue("(dd)", result.log_probability, result.log_error);
}

static PyObject *joint_log_probability_again(PyObject *module, PyObject *args)
{
    PyObject *list, *keys, *capsule, *answer = NULL;
    unsigned long long seed;
    Py_ssize_t points;
    att_rectangle_accuracy accuracy;
    joint_arrays arrays;
    if (!PyArg_ParseTuple(args, "O!OOKdn:joint_log_probability_again", &PyList_Type, &list, &keys, &capsule,
                          &seed, &accuracy.relative_error, &points))
        return NULL;
    att_joint_memo *memo = PyCapsule_GetPointer(capsule, MEMO_NAME);
    PyArrayObject *key = memo ? array_in(keys, NPY_UINT64, 1, "key") : NULL;
    if (!key) return NULL;
    accuracy.seed = seed;
    accuracy.max_points = points > 0 ? (size_t)points : 0;
    if (read_joint(list, &arrays) == 0) {
        size_t factors = arrays.indicators ? array_length(arrays.field[LOADING], 0) : 0;
        att_joint joint = {arrays.indicators, factors, arrays.indicator};
        answer = run_again(module, &joint, key, memo, &accuracy);
    }
    release_joint(&arrays);
    Py_DECREF(key);
    return answer;
}

PyMethodDef joint_methods[] = {
    {"mvn_log_probability", mvn_log_probability, METH_VARARGS, mvn_doc},
    {"joint_log_probability", joint_log_probability, METH_VARARGS, joint_doc},
    {"joint_subsets", joint_subsets, METH_VARARGS, subsets_doc},
    {"joint_memo", joint_memo, METH_VARARGS, memo_doc},
    {"joint_log_probability_again", joint_log_probability_again, METH_VARARGS, again_doc},
    {NULL, NULL, 0, NULL}};
