/* Arrays at the border: what comes in is checked and named, what goes out is fresh. */
#include "glue.h"

PyArrayObject *array_in(PyObject *object, int type, int dimensions, const char *name)
{
    PyArray_Descr *descr = PyArray_DescrFromType(type);
    if (!descr) return NULL;
    PyObject *array = PyArray_FromAny(object, descr, dimensions, dimensions, NPY_ARRAY_CARRAY_RO, NULL);
    if (array) return (PyArrayObject *)array;
    PyObject *kind, *cause, *trace;
    PyErr_Fetch(&kind, &cause, &trace);
    PyErr_Format(kind, "argument '%s': %S", name, cause);
    Py_XDECREF(kind);
    Py_XDECREF(cause);
    Py_XDECREF(trace);
    return NULL;
}

PyArrayObject *array_out(int type, int dimensions, size_t a, size_t b, size_t c)
{
    if (a > NPY_MAX_INTP || b > NPY_MAX_INTP || c > NPY_MAX_INTP) {
        PyErr_NoMemory();
        return NULL;
    }
    npy_intp shape[3] = {(npy_intp)a, (npy_intp)b, (npy_intp)c};
    return (PyArrayObject *)PyArray_ZEROS(dimensions, shape, type, 0);
}

size_t array_length(PyArrayObject *array, int axis)
{
    return (size_t)PyArray_DIM(array, axis);
}

int check_length(PyArrayObject *array, int axis, size_t length, const char *name)
{
    if (array_length(array, axis) == length) return 0;
    PyErr_Format(PyExc_ValueError, "argument '%s': axis %d has length %zu, expected %zu", name, axis,
                 array_length(array, axis), length);
    return -1;
}
