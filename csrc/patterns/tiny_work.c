#include "lab.h"

#include <math.h>

static double sum(const double *data, int64_t size)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += data[i];
    return total;
}

/* Releases the GIL for the few nanoseconds that one row takes. */
double tiny_work_unsafe(const double *data, int64_t rows, int64_t columns)
{
    double largest = -INFINITY;

    for (int64_t row = 0; row < rows; row++) {
        double total;
        Py_BEGIN_ALLOW_THREADS
        total = sum(data + row * columns, columns);
        Py_END_ALLOW_THREADS
        largest = total > largest ? total : largest;
    }
    return largest;
}

/* Keeps the GIL: all rows together take microseconds. */
double tiny_work_safe(const double *data, int64_t rows, int64_t columns)
{
    double largest = -INFINITY;

    for (int64_t row = 0; row < rows; row++) {
        double total;
        total = sum(data + row * columns, columns);
        largest = total > largest ? total : largest;
    }
    return largest;
}
