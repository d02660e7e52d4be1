/* C stays attached while it computes, and a garbage collection waits for it, and
   everybody for the collection.

   The unsafe half is wrong on purpose. Its page: gil-demo show stop-the-world */

#include "lab.h"

enum { MAX_LOOKS = 2500 }; /* of 20 microseconds and more: 50 ms */

/* Half-way it lets another thread collect garbage, and looks so many times whether
   that has ended. Any thread; it touches no Python. */
static double sum_slowly(const double *data, int64_t size, int64_t looks, int64_t *ended, lab *lab)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++) {
        if (i == size / 2) {
            reach(lab, 1);
            while (looks-- > 0 && atomic_load(&lab->step) < 2)
                pause_for(20000);
            *ended = atomic_load(&lab->step) == 2;
        }
        total += data[i];
    }
    return total;
}

/* It gives up looking: as long as it looks, the collection cannot end. */
double stop_the_world_unsafe(const double *data, int64_t size, int64_t *ended, lab *lab)
{
    double total;

    total = sum_slowly(data, size, MAX_LOOKS, ended, lab); /* attached: a collection waits */
    return total;
}

double stop_the_world_safe(const double *data, int64_t size, int64_t *ended, lab *lab)
{
    double total;

    Py_BEGIN_ALLOW_THREADS /* detached: nobody waits for this thread */
    total = sum_slowly(data, size, INT64_MAX, ended, lab);
    Py_END_ALLOW_THREADS
    return total;
}
