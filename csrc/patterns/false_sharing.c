/* Each thread has its own cell, but the cells share a cache line, so the
   threads slow each other down.

   The unsafe half is slow on purpose. Its page: gil-demo show false-sharing */

#include "lab.h"

/* Volatile: each addition goes to memory, or the compiler would add once. Nobody
   else touches this thread's cell; its neighbour is another matter. */
void false_sharing_unsafe(volatile int64_t *cells, int64_t thread, int64_t times, lab *lab)
{
    volatile int64_t *own_cell = cells + thread; /* 8 bytes apart: one cache line */

    Py_BEGIN_ALLOW_THREADS
    meet(lab); /* start together */
    for (int64_t i = 0; i < times; i++)
        *own_cell = *own_cell + 1;
    Py_END_ALLOW_THREADS
}

void false_sharing_safe(volatile int64_t *cells, int64_t thread, int64_t times, lab *lab)
{
    volatile int64_t *own_cell = cells + thread * 16; /* 128 bytes apart: a line each */

    Py_BEGIN_ALLOW_THREADS
    meet(lab); /* start together */
    for (int64_t i = 0; i < times; i++)
        *own_cell = *own_cell + 1;
    Py_END_ALLOW_THREADS
}
