/* C counts what it will write, allocates as much, and writes more.

   The unsafe half is wrong on purpose. Its page: gil-demo show count-then-fill */

#include "common/numpy_api.h"
#include "lab.h"

/* The first pass: how many places the result needs. Any thread, no GIL. */
static npy_intp count_nonzero(const double *data, npy_intp size)
{
    npy_intp count = 0;
    for (npy_intp i = 0; i < size; i++)
        count += data[i] != 0.0;
    return count;
}

/* Between the passes of both halves, when Python writes to the array. */
static void park(lab *lab)
{
    reach(lab, 1);
    wait_for(lab, 2);
}

/* The caller keeps a reference to the array until the function returns. */
PyObject *count_then_fill_unsafe(PyObject *object, lab *lab)
{
    PyArrayObject *array = (PyArrayObject *)object;
    const double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);
    npy_intp room, found = 0;

    Py_BEGIN_ALLOW_THREADS
    room = count_nonzero(data, size);
    Py_END_ALLOW_THREADS
    PyObject *places = PyArray_SimpleNew(1, &room, NPY_INTP);
    if (places == NULL)
        return NULL;
    npy_intp *place = PyArray_DATA((PyArrayObject *)places);
    Py_BEGIN_ALLOW_THREADS
    park(lab);
    for (npy_intp i = 0; i < size; i++) {
        if (data[i] != 0.0)
            place[found++] = i; /* the count has promised that there is room */
        report(lab, i + 1, size);
    }
    Py_END_ALLOW_THREADS
    return places;
}

PyObject *count_then_fill_safe(PyObject *object, lab *lab)
{
    PyArrayObject *array = (PyArrayObject *)object;
    const double *data = PyArray_DATA(array);
    const npy_intp size = PyArray_SIZE(array);
    npy_intp room, found = 0;

    Py_BEGIN_ALLOW_THREADS
    room = count_nonzero(data, size);
    Py_END_ALLOW_THREADS
    PyObject *places = PyArray_SimpleNew(1, &room, NPY_INTP);
    if (places == NULL)
        return NULL;
    npy_intp *place = PyArray_DATA((PyArrayObject *)places);
    Py_BEGIN_ALLOW_THREADS
    park(lab);
    for (npy_intp i = 0; i < size && found < room; i++) {
        if (data[i] != 0.0)
            place[found++] = i;
        report(lab, i + 1, size);
    }
    Py_END_ALLOW_THREADS
    /* There may also be fewer than counted: the rest was never written. */
    PyObject *filled = PySequence_GetSlice(places, 0, found);
    Py_DECREF(places);
    return filled;
}
