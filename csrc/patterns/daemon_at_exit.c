/* The interpreter shuts down while a daemon thread is in the block, and END
   does not return.

   The unsafe half is wrong on purpose. Its page: gil-demo show daemon-at-exit */

#include "lab.h"

static atomic_int running; /* how many calls of the safe half are not over yet */

/* Waits half-way until the interpreter shuts down. Any thread, no GIL. */
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
    reach(lab, 3);
    return total;
}

void daemon_at_exit_unsafe(const double *data, int64_t size, double *result, lab *lab)
{
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum_slowly(data, size, lab);
    Py_END_ALLOW_THREADS /* does not return to a daemon thread during shutdown */
    *result = total;
}

void daemon_at_exit_safe(const double *data, int64_t size, double *result, lab *lab)
{
    double total;

    atomic_fetch_add(&running, 1);
    Py_BEGIN_ALLOW_THREADS
    total = sum_slowly(data, size, lab);
    Py_END_ALLOW_THREADS
    *result = total;
    atomic_fetch_sub(&running, 1);
}

/* For Python's atexit, which runs before the interpreter refuses the GIL to threads. */
void daemon_at_exit_safe_wait(lab *lab)
{
    Py_BEGIN_ALLOW_THREADS /* each of the threads needs the GIL to pass END */
    reach(lab, 2);
    while (atomic_load(&running) > 0)
        pause_for(20000);
    Py_END_ALLOW_THREADS
}
