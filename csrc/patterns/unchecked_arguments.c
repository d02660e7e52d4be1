#include "array.h"
#include "lab.h"

static double sum(const double *data, int64_t size)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += data[i];
    return total;
}

double unchecked_arguments_unsafe(PyObject *arguments)
{
    PyObject *object = NULL;
    PyArg_ParseTuple(arguments, "O:sum", &object);
    PyArrayObject *array =
        (PyArrayObject *)PyArray_FROM_OTF(object, NPY_DOUBLE, NPY_ARRAY_IN_ARRAY);
    const double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size);
    Py_END_ALLOW_THREADS
    Py_DECREF(array);
    return total;
}

/* The function that failed has set the exception: with the GIL, before the block, pass it on. */
double unchecked_arguments_safe(PyObject *arguments)
{
    PyObject *object = NULL;
    if (!PyArg_ParseTuple(arguments, "O:sum", &object))
        return -1.0;
    PyArrayObject *array =
        (PyArrayObject *)PyArray_FROM_OTF(object, NPY_DOUBLE, NPY_ARRAY_IN_ARRAY);
    if (array == NULL)
        return -1.0;
    const double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size);
    Py_END_ALLOW_THREADS
    Py_DECREF(array);
    return total;
}
