/* The module attain._core: state, method tables, slots. */
#define ATTAIN_IMPORTS_NUMPY
#include "glue.h"

#include "attain/growth.h"

static const char *const CLASS_NAMES[] = {[ATT_CLASS_NONE] = "none",
                                          [ATT_CLASS_MEMORY] = "memory",
                                          [ATT_CLASS_ARGUMENT] = "argument",
                                          [ATT_CLASS_DATA] = "data",
                                          [ATT_CLASS_NUMERIC] = "numeric"};

PyDoc_STRVAR(status_table_doc, "status_table()\n--\n\n"
                               "Every status of the core: list of (code, name, class, text).");

static PyObject *status_table(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    PyObject *table = PyList_New(0);
    for (int code = 0; table && code < ATT_STATUS_COUNT; code++) {
        att_status status = (att_status)code;
        PyObject *row = Py_BuildValue("(isss)", code, att_status_name(status),
                                      CLASS_NAMES[att_status_class_of(status)], att_status_text(status));
        if (!row || PyList_Append(table, row) < 0) Py_CLEAR(table);
        Py_XDECREF(row);
    }
    return table;
}

static PyMethodDef status_methods[] = {{"status_table", status_table, METH_NOARGS, status_table_doc},
                                       {NULL, NULL, 0, NULL}};

static int execute(PyObject *module)
{
    if (PyArray_ImportNumPyAPI() < 0) return -1;
    att_initialize();
    if (load_exceptions(PyModule_GetState(module)) < 0) return -1;
    if (PyModule_AddIntConstant(module, "MAX_HORIZON", ATT_MAX_HORIZON) < 0) return -1;
    if (PyModule_AddFunctions(module, status_methods) < 0) return -1;
    if (PyModule_AddFunctions(module, growth_methods) < 0) return -1;
    if (PyModule_AddFunctions(module, mixture_methods) < 0) return -1;
    if (PyModule_AddFunctions(module, joint_methods) < 0) return -1;
    if (PyModule_AddFunctions(module, sov_methods) < 0) return -1;
    return PyModule_AddFunctions(module, simulate_methods);
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    module_state *state = PyModule_GetState(module);
    Py_VISIT(state->data_error);
    Py_VISIT(state->argument_error);
    Py_VISIT(state->numerical_error);
    return 0;
}

static int clear(PyObject *module)
{
    module_state *state = PyModule_GetState(module);
    Py_CLEAR(state->data_error);
    Py_CLEAR(state->argument_error);
    Py_CLEAR(state->numerical_error);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters,
     Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED}, /* NumPy does not support them */
#endif
    {0, NULL}};

static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "attain._core",
    .m_doc =
        "The C core of attain: growth model, mixtures, rectangles, joint probabilities, simulation, statuses. Arrays in and out; words are not its task.",
    .m_size = sizeof(module_state),
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&definition);
}
