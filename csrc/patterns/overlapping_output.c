#include "lab.h"

#include <stdbool.h>

/* Each output should come from the input as the caller passed it. Any thread, no GIL. */
static void add_one(const double *in, double *out, int64_t size)
{
    for (int64_t i = 0; i < size; i++)
        out[i] = in[i] + 1.0;
}

/* Exact, because both are contiguous. The very same array is fine: no element
   is read after it was written. */
static bool overlap(const double *in, const double *out, int64_t size)
{
    const uintptr_t i = (uintptr_t)in, o = (uintptr_t)out;
    const uintptr_t length = (uintptr_t)size * sizeof(double);
    return i != o && i < o + length && o < i + length;
}

int overlapping_output_unsafe(const double *in, double *out, int64_t size)
{
    Py_BEGIN_ALLOW_THREADS
    add_one(in, out, size);
    Py_END_ALLOW_THREADS
    return 0;
}

int overlapping_output_safe(const double *in, double *out, int64_t size)
{
    if (overlap(in, out, size))
        return -1; /* nothing was written; the caller copies the input */
    Py_BEGIN_ALLOW_THREADS
    add_one(in, out, size);
    Py_END_ALLOW_THREADS
    return 0;
}
