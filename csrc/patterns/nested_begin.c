#include "lab.h"

/* Call it with the GIL held: it releases the GIL by itself. */
static double sum(const double *data, int64_t size, lab *lab)
{
    double total = 0.0;

    report(lab, 0, size);
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < size; i++) {
        total += data[i];
        report(lab, i + 1, size);
    }
    Py_END_ALLOW_THREADS
    return total;
}

double nested_begin_unsafe(const double *data, int64_t size, lab *lab)
{
    double mean;

    Py_BEGIN_ALLOW_THREADS
    mean = sum(data, size, lab) / (double)size; /* its BEGIN finds no GIL to release */
    Py_END_ALLOW_THREADS
    return mean;
}

double nested_begin_safe(const double *data, int64_t size, lab *lab)
{
    double mean;

    mean = sum(data, size, lab) / (double)size; /* we hold the GIL, as it expects */
    return mean;
}
