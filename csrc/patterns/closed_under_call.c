/* One thread closes a handle while C still works on it in another thread.

   The unsafe half is wrong on purpose. Its page: gil-demo show closed-under-call */

#include "common/numpy_api.h"
#include "lab.h"

#include <pthread.h>

/* The handle: open() takes the array over, close() frees it. NULL: closed. In a real
   module it is a field of the object whose methods these are. */
static PyArrayObject *table;

/* Waits half-way, so that the other thread closes then. Any thread, no GIL. */
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

/* Called with the GIL held, before there is a second thread. */
void closed_under_call_open(PyObject *array)
{
    Py_INCREF(array);
    table = (PyArrayObject *)array;
}

double closed_under_call_unsafe_sum(lab *lab)
{
    if (table == NULL)
        return -1.0; /* it is closed. If it is open, that is true only now */
    const double *data = PyArray_DATA(table);
    const npy_intp size = PyArray_SIZE(table);
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum_slowly(data, size, lab);
    Py_END_ALLOW_THREADS
    return total;
}

int closed_under_call_unsafe_close(void)
{
    Py_CLEAR(table); /* frees the data, whoever reads them */
    return 0;
}

/* How many calls use the table. The mutex is held for a few lines that wait for
   nothing, so it cannot be part of a deadlock; with a GIL alone it could be left out. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int64_t calls;

static PyArrayObject *enter(void)
{
    pthread_mutex_lock(&mutex);
    PyArrayObject *found = table;
    calls += found != NULL;
    pthread_mutex_unlock(&mutex);
    return found;
}

static void leave(void)
{
    pthread_mutex_lock(&mutex);
    calls--;
    pthread_mutex_unlock(&mutex);
}

double closed_under_call_safe_sum(lab *lab)
{
    PyArrayObject *open = enter(); /* from here on close() refuses */
    if (open == NULL)
        return -1.0;
    const double *data = PyArray_DATA(open);
    const npy_intp size = PyArray_SIZE(open);
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum_slowly(data, size, lab);
    Py_END_ALLOW_THREADS
    leave();
    return total;
}

/* Returns -1 if a call uses the table: the caller raises BufferError. */
int closed_under_call_safe_close(void)
{
    PyArrayObject *closing = NULL;

    pthread_mutex_lock(&mutex);
    const int busy = calls > 0;
    if (!busy) {
        closing = table;
        table = NULL;
    }
    pthread_mutex_unlock(&mutex);
    Py_XDECREF(closing); /* not under the mutex: a destructor can run Python code */
    return busy ? -1 : 0;
}
