/* What the glue files share: the module's state, arrays in and out, statuses as exceptions. */
#ifndef ATTAIN_GLUE_H
#define ATTAIN_GLUE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define PY_ARRAY_UNIQUE_SYMBOL attain_numpy_api
#ifndef ATTAIN_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include "attain/status.h"

typedef struct {
    PyObject *data_error;      /* the user's figures cannot be used */
    PyObject *argument_error;  /* a caller broke a contract */
    PyObject *numerical_error; /* a computation failed */
} module_state;

/* raise.c: fills the state from attain.errors (0, or -1 with an exception); sets a status' exception. */
int load_exceptions(module_state *state);
PyObject *raise_status(PyObject *module, att_status status);

/* arrays.c: a C-contiguous array of exactly this type and number of dimensions (new reference), or NULL
 * with an exception that names the argument; a fresh array; the length of an axis. */
PyArrayObject *array_in(PyObject *object, int type, int dimensions, const char *name);
PyArrayObject *array_out(int type, int dimensions, size_t a, size_t b, size_t c);
size_t array_length(PyArrayObject *array, int axis);

/* 0, or -1 with an exception, unless the axis has that length. */
int check_length(PyArrayObject *array, int axis, size_t length, const char *name);

/* Method tables of the glue files, each ended by a row of NULLs. */
extern PyMethodDef growth_methods[];
extern PyMethodDef mixture_methods[];
extern PyMethodDef joint_methods[];
extern PyMethodDef simulate_methods[];
extern PyMethodDef sov_methods[];

#endif
