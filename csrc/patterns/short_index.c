/* C keeps the size of an array in an int, and the array is too long for one.

   The unsafe half is wrong on purpose. Its page: gil-demo show short-index */

#include "common/numpy_api.h"
#include "lab.h"

enum { STEP = 1 << 20 };

/* Adds up one element of STEP. The caller keeps a reference to the array, which
   has one dimension and the type int8, until the function returns. */
int64_t short_index_unsafe(PyObject *object)
{
    PyArrayObject *array = (PyArrayObject *)object;
    const char *data = PyArray_BYTES(array);
    const npy_intp stride = PyArray_STRIDE(array, 0);
    const int size = PyArray_SIZE(array);
    int64_t total = 0;

    Py_BEGIN_ALLOW_THREADS
    for (int i = 0; i < size; i += STEP)
        total += *(const npy_int8 *)(data + i * stride);
    Py_END_ALLOW_THREADS
    return total;
}

int64_t short_index_safe(PyObject *object)
{
    PyArrayObject *array = (PyArrayObject *)object;
    const char *data = PyArray_BYTES(array);
    const npy_intp stride = PyArray_STRIDE(array, 0);
    const npy_intp size = PyArray_SIZE(array);
    int64_t total = 0;

    Py_BEGIN_ALLOW_THREADS
    for (npy_intp i = 0; i < size; i += STEP)
        total += *(const npy_int8 *)(data + i * stride);
    Py_END_ALLOW_THREADS
    return total;
}
