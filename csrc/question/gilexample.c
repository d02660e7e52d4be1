/* The question's extension, for Python 3: what it gets right and what it
   gets wrong are both kept. A tag in brackets names what `gil-demo show
   gilexample` says of that line, and `gil-demo try gilexample` runs it.
   gilexample_safe.c is the same module as it should be written: read the
   two side by side. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

static PyObject *sum(PyObject *Py_UNUSED(module), PyObject *args)
{
    /* The question gives X no value, and C then reads whatever is there.
       NULL, so that the next fault does the same each time. */
    PyObject *X = NULL;

    /* wrong [unchecked-parse]: sum() fails here, and C goes on. */
    PyArg_ParseTuple(args, "O", &X);

    /* right [own-reference]: a new one, also where the array is X
       itself.
       wrong [aligned-only]: aligned elements need not lie side by side.
       wrong [unchecked-array]: NULL for what no array can be made of. */
    PyArrayObject *array = (PyArrayObject *)
        PyArray_FROM_OTF(X, NPY_DOUBLE, NPY_ARRAY_ALIGNED);

    /* right [read-before]: with the GIL. A later change of the object
       does not matter.
       right [index-type]: as wide as a pointer: it counts any array. */
    const npy_intp size = PyArray_SIZE(array);
    const double *data = PyArray_DATA(array);
    double total = 0.0;

    /* right [released]: inside, only C's variables and the elements. */
    Py_BEGIN_ALLOW_THREADS
    for (npy_intp i = 0; i < size; i++)
        total += data[i];
    Py_END_ALLOW_THREADS

    Py_DECREF(array); /* may free the array: with the GIL again */
    return PyFloat_FromDouble(total);
}

static PyMethodDef methods[] = {
    {"sum", sum, METH_VARARGS, "The sum of an array, if all goes well."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "gil_demo.gilexample",
    .m_doc = "The question's extension, its faults kept.",
    .m_size = -1,
    .m_methods = methods,
};

/* wrong [one-phase]: the module is made here, and does not say whether
   it can run without the GIL, or in several interpreters. */
PyMODINIT_FUNC PyInit_gilexample(void)
{
    import_array();
    return PyModule_Create(&definition);
}
