#include "lab.h"

/* Finds the first negative element; returns its index, or -1. */
int64_t missing_end_unsafe(const double *data, int64_t size, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < size; i++) {
        report(lab, i + 1, size);
        if (data[i] < 0.0)
            return i; /* past END: Python goes on without the GIL */
    }
    Py_END_ALLOW_THREADS
    return -1;
}

int64_t missing_end_safe(const double *data, int64_t size, lab *lab)
{
    int64_t found = -1;

    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < size && found < 0; i++) {
        report(lab, i + 1, size);
        if (data[i] < 0.0)
            found = i; /* the way out passes END */
    }
    Py_END_ALLOW_THREADS
    return found;
}
