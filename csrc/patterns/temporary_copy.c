/* NumPy converts the argument, C writes into the copy, and nobody copies the
   results back.

   The unsafe half is wrong on purpose. Its page: gil-demo show temporary-copy */

#include "common/numpy_api.h"

/* Any thread, no GIL. */
static void double_all(double *data, npy_intp size)
{
    for (npy_intp i = 0; i < size; i++)
        data[i] *= 2.0;
}

void temporary_copy_unsafe(PyObject *x)
{
    /* The array itself if contiguous doubles and writeable, else a copy. */
    PyArrayObject *array = (PyArrayObject *)PyArray_FROM_OTF(
        x, NPY_DOUBLE, NPY_ARRAY_OUT_ARRAY);
    if (array == NULL) {
        PyErr_WriteUnraisable(x);
        return;
    }
    double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);

    Py_BEGIN_ALLOW_THREADS
    double_all(data, size);
    Py_END_ALLOW_THREADS
    Py_DECREF(array); /* a copy is freed here, with the results in it */
}

void temporary_copy_safe(PyObject *x)
{
    PyArrayObject *array = (PyArrayObject *)PyArray_FROM_OTF(
        x, NPY_DOUBLE, NPY_ARRAY_INOUT_ARRAY2);
    if (array == NULL) {
        PyErr_WriteUnraisable(x);
        return;
    }
    double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);

    Py_BEGIN_ALLOW_THREADS
    double_all(data, size);
    Py_END_ALLOW_THREADS
    if (PyArray_ResolveWritebackIfCopy(array) < 0) /* needs the GIL */
        PyErr_WriteUnraisable(x);
    Py_DECREF(array);
}
