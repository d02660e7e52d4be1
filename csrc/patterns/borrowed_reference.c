/* The owner gives up the array while C still reads it, and C owns no reference
   to it.

   The unsafe half is wrong on purpose. Its page: gil-demo show borrowed-reference */

#include "common/numpy_api.h"
#include "lab.h"

/* Waits half-way, so that the owner acts then. Any thread, no GIL. */
static double sum_slowly(const double *data, int64_t size, lab *lab)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++) {
        if (i == size / 2) {
            reach(lab, 1);
            wait_for(lab, 2);
        }
        total += data[i];
        report(lab, i + 1, size);
    }
    return total;
}

double borrowed_reference_unsafe(PyObject *list, lab *lab)
{
    /* PyList_GET_ITEM lends: the list owns the array, we do not. */
    PyArrayObject *array = (PyArrayObject *)PyList_GET_ITEM(list, 0);
    const double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum_slowly(data, size, lab);
    Py_END_ALLOW_THREADS
    return total;
}

/* The unsafe half where there is no GIL. The loan can end while C is
   attached: the same, without a block. */
double borrowed_reference_no_gil(PyObject *list, lab *lab)
{
    PyArrayObject *array = (PyArrayObject *)PyList_GET_ITEM(list, 0);
    return sum_slowly(PyArray_DATA(array), PyArray_SIZE(array), lab);
}

double borrowed_reference_safe(PyObject *list, lab *lab)
{
    /* Ours until the block is over, whatever the list does. */
#if PY_VERSION_HEX >= 0x030D0000 /* the item and the reference in one step */
    PyArrayObject *array = (PyArrayObject *)PyList_GetItemRef(list, 0);
    if (array == NULL)
        return -1.0; /* with an exception set: another thread has emptied the list */
#else /* in two steps, between which the GIL keeps other threads out */
    PyArrayObject *array = (PyArrayObject *)PyList_GET_ITEM(list, 0);
    Py_INCREF(array);
#endif
    const double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum_slowly(data, size, lab);
    Py_END_ALLOW_THREADS
    Py_DECREF(array); /* with the GIL again */
    return total;
}
