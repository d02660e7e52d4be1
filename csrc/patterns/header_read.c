#include "array.h"
#include "lab.h"

/* Any thread, no GIL: the caller guarantees data, rows and columns. */
static double sum_table(const double *data, npy_intp rows, npy_intp columns)
{
    double total = 0.0;
    for (npy_intp i = 0; i < rows * columns; i++)
        total += data[i];
    return total;
}

/* The caller keeps a reference to the table until we return. */
double header_read_unsafe(PyObject *table, lab *lab)
{
    PyArrayObject *array = (PyArrayObject *)table;
    double total;

    Py_BEGIN_ALLOW_THREADS
    const npy_intp rows = PyArray_DIM(array, 0);
    reach(lab, 1);
    wait_for(lab, 2); /* somebody with the GIL may change the header now */
    const npy_intp columns = PyArray_DIM(array, 1);
    const double *data = PyArray_DATA(array);
    total = sum_table(data, rows, columns);
    Py_END_ALLOW_THREADS
    return total;
}

double header_read_safe(PyObject *table, lab *lab)
{
    PyArrayObject *array = (PyArrayObject *)table;
    double total;

    /* We have the GIL: nobody changes the header between these three. */
    const npy_intp rows = PyArray_DIM(array, 0);
    const npy_intp columns = PyArray_DIM(array, 1);
    const double *data = PyArray_DATA(array);
    Py_BEGIN_ALLOW_THREADS
    reach(lab, 1);
    wait_for(lab, 2);
    total = sum_table(data, rows, columns);
    Py_END_ALLOW_THREADS
    return total;
}
