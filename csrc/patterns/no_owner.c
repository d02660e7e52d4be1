/* An array shows numbers that belong to a C library, and keeps nothing alive.

   The unsafe half is wrong on purpose. Its page: gil-demo show no-owner */

#include "common/numpy_api.h"
#include "lab.h"

enum { SIZE = 8192 };

/* The library's numbers. With malloc and free the mistake would be the same; they
   lie in an array that Python never sees because its memory is guarded here. */
static double *numbers_of(PyObject *series)
{
    return PyArray_DATA((PyArrayObject *)PyCapsule_GetPointer(series, "series"));
}

/* The library frees them when the capsule that stands for the series goes. */
static void end_series(PyObject *series)
{
    Py_DECREF(PyCapsule_GetPointer(series, "series"));
}

PyObject *no_owner_new_series(void)
{
    const npy_intp shape[] = {SIZE};
    PyObject *numbers = PyArray_ZEROS(1, shape, NPY_DOUBLE, 0);
    if (numbers == NULL)
        return NULL;
    PyObject *series = PyCapsule_New(numbers, "series", end_series);
    if (series == NULL)
        Py_DECREF(numbers); /* no capsule, so nobody else would */
    return series;
}

PyObject *no_owner_unsafe_array(PyObject *series)
{
    const npy_intp shape[] = {SIZE};
    return PyArray_SimpleNewFromData(1, shape, NPY_DOUBLE, numbers_of(series));
}

PyObject *no_owner_safe_array(PyObject *series)
{
    const npy_intp shape[] = {SIZE};
    PyObject *array = PyArray_SimpleNewFromData(1, shape, NPY_DOUBLE, numbers_of(series));
    if (array == NULL)
        return NULL;
    Py_INCREF(series); /* the array takes this reference, even if it fails */
    if (PyArray_SetBaseObject((PyArrayObject *)array, series) < 0) {
        Py_DECREF(array);
        return NULL;
    }
    return array;
}

/* Parks half-way, which is when Python drops the series. Any thread, no GIL. */
static double sum_slowly(const double *data, npy_intp size, lab *lab)
{
    double total = 0.0;
    for (npy_intp i = 0; i < size; i++) {
        if (i == size / 2) {
            reach(lab, 1);
            wait_for(lab, 2);
        }
        total += data[i];
        report(lab, i + 1, size);
    }
    return total;
}

/* Owns a reference for the whole block, as it must. That keeps the array alive;
   whether its numbers live too depends on the array's base. */
double no_owner_sum(PyObject *object, lab *lab)
{
    PyArrayObject *array = (PyArrayObject *)object;
    const double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);
    double total;

    Py_INCREF(array);
    Py_BEGIN_ALLOW_THREADS
    total = sum_slowly(data, size, lab);
    Py_END_ALLOW_THREADS
    Py_DECREF(array);
    return total;
}
