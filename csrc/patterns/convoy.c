/* Many short blocks beside a busy Python thread: each END waits until that
   thread hands over the GIL.

   The unsafe half is slow on purpose. Its page: gil-demo show convoy */

#include "lab.h"

static double sum(const double *data, int64_t size)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += data[i];
    return total;
}

/* Waits, beside a busy thread that takes a step in each turn, until that has the GIL. */
static void let_run(lab *busy)
{
    if (busy != NULL)
        wait_for(busy, atomic_load(&busy->step) + 1);
}

/* A short block for each part: before the next, END waits until it gets the GIL. */
double convoy_unsafe(const double *data, int64_t size, int64_t parts, lab *busy)
{
    double total = 0.0;

    for (int64_t part = 0; part < parts; part++) {
        Py_BEGIN_ALLOW_THREADS
        total += sum(data + part * size, size);
        let_run(busy);
        Py_END_ALLOW_THREADS
    }
    return total;
}

/* One block for all parts: END waits once. */
double convoy_safe(const double *data, int64_t size, int64_t parts, lab *busy)
{
    double total = 0.0;

    Py_BEGIN_ALLOW_THREADS
    for (int64_t part = 0; part < parts; part++)
        total += sum(data + part * size, size);
    let_run(busy);
    Py_END_ALLOW_THREADS
    return total;
}
