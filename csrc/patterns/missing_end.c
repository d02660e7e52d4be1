/* C returns from inside the block and skips END, so Python goes on without the
   GIL.

   The unsafe half is wrong on purpose. Its page: gil-demo show missing-end */

#include "lab.h"

/* Returns the index of the first negative element, or -1. */
int64_t missing_end_unsafe(const double *data, int64_t size, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < size; i++) {
        report(lab, i + 1, size);
        if (data[i] < 0.0)
            return i; /* skips END: Python goes on without the GIL */
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
            found = i; /* the way out leads through END */
    }
    Py_END_ALLOW_THREADS
    return found;
}
