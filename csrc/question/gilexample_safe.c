/* The question's extension as it should be written today: gilexample.c,
   corrected. The tags in brackets are those of the lines there. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

/* METH_O [unchecked-parse]: Python has checked that there is one
   argument. It is borrowed from the caller, who owns it meanwhile. */
static PyObject *sum(PyObject *Py_UNUSED(module), PyObject *x)
{
    /* NPY_DOUBLE asks for native byte order, IN_ARRAY for aligned
       elements side by side in C order [aligned-only]. Copied only if it
       is not so already; the reference is ours either way
       [own-reference]. */
    PyArrayObject *array = (PyArrayObject *)
        PyArray_FROM_OTF(x, NPY_DOUBLE, NPY_ARRAY_IN_ARRAY);
    if (array == NULL) /* [unchecked-array]: NumPy has raised */
        return NULL;

    /* [read-before, index-type] */
    const npy_intp size = PyArray_SIZE(array);
    const double *data = PyArray_DATA(array);
    double total = 0.0;

    /* [released]: one way in, one way out. Another thread may still
       write to the elements, or resize the array by force: that is the
       caller's to prevent. */
    Py_BEGIN_ALLOW_THREADS
    for (npy_intp i = 0; i < size; i++)
        total += data[i];
    Py_END_ALLOW_THREADS

    Py_DECREF(array);
    return PyFloat_FromDouble(total); /* NULL and its exception, too */
}

PyDoc_STRVAR(sum_doc, "sum($module, x, /)\n--\n\n\
The sum of x's elements as C doubles, in C order and without the GIL.\n\n\
x is whatever NumPy converts to an array of float64. It is copied\n\
unless it is one already: native byte order, aligned, C-contiguous.");

static PyMethodDef methods[] = {
    {"sum", sum, METH_O, sum_doc},
    {NULL, NULL, 0, NULL},
};

/* The second phase [one-phase]: fills the module that Python made. */
static int execute(PyObject *Py_UNUSED(module))
{
    return PyArray_ImportNumPyAPI();
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
#if PY_VERSION_HEX >= 0x030c0000
    /* We keep no state, but the header keeps NumPy's table of functions
       in a static pointer, and NumPy does not support subinterpreters.
       We cannot promise more. */
    {Py_mod_multiple_interpreters,
     Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030d0000
    /* A free-threaded Python need not turn its GIL on for us: calls
       share nothing, and the reference keeps the array. Writing to one,
       resizing it, or changing its shape or type in place while another
       thread reads it stays forbidden, as it is for NumPy's own
       functions. */
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "gil_demo.gilexample_safe",
    .m_doc = "The question's extension as it should be written today.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_gilexample_safe(void)
{
    return PyModuleDef_Init(&definition);
}
