#include "lab.h"

#include <signal.h>

enum { SLICE = 1024 }; /* in a real program, as many elements as take about 10 ms */

/* Ctrl-C comes half-way. Python's own handler in C only notes that it came. */
static void add(double *total, const double *data, int64_t i, int64_t size, int64_t *done)
{
    if (i == size / 2)
        raise(SIGINT);
    *total += data[i];
    *done = i + 1;
}

double uninterruptible_unsafe(const double *data, int64_t size, int64_t *done)
{
    double total = 0.0;

    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < size; i++) {
        add(&total, data, i, size, done);
    }
    Py_END_ALLOW_THREADS
    return total;
}

double uninterruptible_safe(const double *data, int64_t size, int64_t *done)
{
    double total = 0.0;
    int stop = 0;

    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < size && !stop; i++) {
        add(&total, data, i, size, done);
        if ((i + 1) % SLICE == 0) {
            Py_BLOCK_THREADS /* the handler is Python: it needs the GIL */
            stop = PyErr_CheckSignals() < 0;
            Py_UNBLOCK_THREADS
        }
    }
    Py_END_ALLOW_THREADS
    if (stop)
        PyErr_Clear(); /* a function of an extension keeps KeyboardInterrupt and returns NULL */
    return total;
}
