#include "lab.h"

/* Any thread, no GIL: the caller guarantees that the data live. */
static double sum(const double *data, int64_t size, lab *lab)
{
    double total = 0.0;
    report(lab, 0, size);
    for (int64_t i = 0; i < size; i++) {
        total += data[i];
        report(lab, i + 1, size);
    }
    return total;
}

/* The address is a number, as array.ctypes.data is one: it keeps no array alive. */
double temporary_pointer_unsafe(uintptr_t address, int64_t size, lab *lab)
{
    const double *data = (const double *)address;
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size, lab);
    Py_END_ALLOW_THREADS
    return total;
}

/* From ffi.from_buffer, which keeps the array alive, and the call keeps that. */
double temporary_pointer_safe(const double *data, int64_t size, lab *lab)
{
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = sum(data, size, lab);
    Py_END_ALLOW_THREADS
    return total;
}
