/* The owner resizes the array by force while C reads its old data.

   The unsafe half is wrong on purpose. Its page: gil-demo show resize-under-reader */

#include "lab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Waits half-way, so that the owner resizes then. Any thread, no GIL. */
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

/* The caller holds an exported buffer of the array until we return. */
double resize_under_reader_unsafe(const double *data, int64_t size, lab *lab)
{
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum_slowly(data, size, lab);
    Py_END_ALLOW_THREADS
    return total;
}

double resize_under_reader_safe(const double *data, int64_t size, lab *lab)
{
    double total;
    double *copy = malloc((size_t)size * sizeof *copy);

    if (copy == NULL)
        return NAN;
    memcpy(copy, data, (size_t)size * sizeof *copy); /* no thread resizes it: we hold the GIL */
    Py_BEGIN_ALLOW_THREADS
    total = sum_slowly(copy, size, lab);
    Py_END_ALLOW_THREADS
    free(copy);
    return total;
}
