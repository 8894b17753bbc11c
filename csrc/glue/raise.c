/* Which exception is a status? Classes of the status table to classes of attain.errors, in one place. */
#include "glue.h"

int load_exceptions(module_state *state)
{
    PyObject *errors = PyImport_ImportModule("attain.errors");
    if (!errors) return -1;
    state->data_error = PyObject_GetAttrString(errors, "DataError");
    state->argument_error = PyObject_GetAttrString(errors, "ArgumentError");
    state->numerical_error = PyObject_GetAttrString(errors, "NumericalError");
    Py_DECREF(errors);
    return state->data_error && state->argument_error && state->numerical_error ? 0 : -1;
}

PyObject *raise_status(PyObject *module, att_status status)
{
    module_state *state = PyModule_GetState(module);
    switch (att_status_class_of(status)) {
    case ATT_CLASS_MEMORY:
        return PyErr_NoMemory();
    case ATT_CLASS_DATA:
        PyErr_SetString(state->data_error, att_status_text(status));
        return NULL;
    case ATT_CLASS_NUMERIC:
        PyErr_SetString(state->numerical_error, att_status_text(status));
        return NULL;
    case ATT_CLASS_ARGUMENT:
    case ATT_CLASS_NONE:
        break;
    }
    PyErr_SetString(state->argument_error, att_status_text(status));
    return NULL;
}
