/* C changes the rounding mode or relies on errno, which others share.

   The unsafe half is wrong on purpose. Its page: gil-demo show process-wide-state */

#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <unistd.h>

#ifdef __clang__ /* GCC does not know this pragma of C's */
#pragma STDC FENV_ACCESS ON
#endif

/* With upward rounding this is never below the true sum. Any thread, no GIL.
   Not inlined: GCC may move an addition past fesetround(), but not a call of a
   function that reads memory. */
__attribute__((noinline)) static double sum(const double *data, int64_t size)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += data[i];
    return total;
}

double process_wide_state_unsafe(const double *data, int64_t size)
{
    double total;

    Py_BEGIN_ALLOW_THREADS
    fesetround(FE_UPWARD);
    total = sum(data, size);
    Py_END_ALLOW_THREADS
    return total; /* and all that this thread computes from now on is rounded up */
}

double process_wide_state_safe(const double *data, int64_t size)
{
    double total;

    Py_BEGIN_ALLOW_THREADS
    const int before = fegetround();
    fesetround(FE_UPWARD);
    total = sum(data, size);
    fesetround(before);
    Py_END_ALLOW_THREADS
    return total;
}

/* Opens a file, then gives up the arrays that it needed for that. Returns the
   descriptor, or -1 with an exception set. */
int process_wide_state_unsafe_open(PyObject *arrays)
{
    int file;

    Py_BEGIN_ALLOW_THREADS
    file = open("/dev/null/numbers", O_RDONLY); /* /dev/null is no folder: ENOTDIR */
    Py_END_ALLOW_THREADS
    /* With the GIL held. An array may go now, and what ends with it may set errno. */
    if (PyList_SetSlice(arrays, 0, PY_SSIZE_T_MAX, NULL) < 0)
        return -1;
    if (file < 0)
        PyErr_SetFromErrno(PyExc_OSError);
    return file;
}

int process_wide_state_safe_open(PyObject *arrays)
{
    int file, error;

    Py_BEGIN_ALLOW_THREADS
    file = open("/dev/null/numbers", O_RDONLY);
    error = errno;
    Py_END_ALLOW_THREADS
    if (PyList_SetSlice(arrays, 0, PY_SSIZE_T_MAX, NULL) < 0) {
        if (file >= 0)
            close(file);
        return -1;
    }
    errno = error;
    if (file < 0)
        PyErr_SetFromErrno(PyExc_OSError);
    return file;
}
