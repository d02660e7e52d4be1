/* The door from Python to the guard: the module gil_demo._guard. */

#include "common/numpy_api.h"
#include "guard.h"

static PyObject *install(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none))
{
    if (guard_install() < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(install_doc, "install($module, /)\n--\n\n\
Give guarded data to the arrays that this thread allocates from now on.");

static PyMethodDef methods[] = {
    {"install", install, METH_NOARGS, install_doc},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *Py_UNUSED(module))
{
    return fill_numpy_api();
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030d0000
    /* The allocator shares nothing between calls that is not atomic. */
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "gil_demo._guard",
    .m_doc = "An allocator of NumPy that makes misuse of array data a crash.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__guard(void)
{
    return PyModuleDef_Init(&definition);
}
