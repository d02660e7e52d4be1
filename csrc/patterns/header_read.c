/* C reads an array's shape inside the block, while another thread with the GIL
   changes it.

   The unsafe half is wrong on purpose. Its page: gil-demo show header-read */

#include "common/numpy_api.h"
#include "lab.h"

/* Any thread, no GIL: the caller makes sure that data, rows and columns fit. */
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
    wait_for(lab, 2); /* another thread, with the GIL, may change the header now */
    const npy_intp columns = PyArray_DIM(array, 1);
    const double *data = PyArray_DATA(array);
    total = sum_table(data, rows, columns);
    Py_END_ALLOW_THREADS
    return total;
}

/* The unsafe half where there is no GIL. The header can change while C is
   attached: the same, without a block. */
double header_read_no_gil(PyObject *table, lab *lab)
{
    PyArrayObject *array = (PyArrayObject *)table;
    const npy_intp rows = PyArray_DIM(array, 0);
    reach(lab, 1);
    wait_for(lab, 2);
    const npy_intp columns = PyArray_DIM(array, 1);
    return sum_table(PyArray_DATA(array), rows, columns);
}

double header_read_safe(PyObject *table, lab *lab)
{
    PyArrayObject *array = (PyArrayObject *)table;
    double total;

    /* We hold the GIL: no other thread changes the header between these three. */
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
