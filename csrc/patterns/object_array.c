#include "array.h"
#include "lab.h"

/* Reads eight bytes at a time as doubles. Any thread, no GIL. */
static void add_one(double *data, int64_t size)
{
    for (int64_t i = 0; i < size; i++)
        data[i] += 1.0;
}

int object_array_unsafe(PyObject *object)
{
    PyArrayObject *array = (PyArrayObject *)object;
    /* Contiguous, aligned, writable, native order, 8 bytes each: so is a pointer. */
    if (!PyArray_Check(object) || !PyArray_ISCARRAY(array) || PyArray_ITEMSIZE(array) != 8) {
        PyErr_SetString(PyExc_TypeError, "needs a plain array of float64");
        return -1;
    }
    /* The caller keeps the array until we return. */
    double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);

    Py_BEGIN_ALLOW_THREADS
    add_one(data, size);
    Py_END_ALLOW_THREADS
    return 0;
}

int object_array_safe(PyObject *object)
{
    PyArrayObject *array = (PyArrayObject *)object;
    /* Checks what the 8 bytes are; raises while we have the GIL. */
    if (!PyArray_Check(object) || !PyArray_ISCARRAY(array) || PyArray_TYPE(array) != NPY_DOUBLE) {
        PyErr_SetString(PyExc_TypeError, "needs a plain array of float64");
        return -1;
    }
    /* The caller keeps the array until we return. */
    double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);

    Py_BEGIN_ALLOW_THREADS
    add_one(data, size);
    Py_END_ALLOW_THREADS
    return 0;
}
