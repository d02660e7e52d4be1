/* api-in-block: The loop asks for Ctrl-C without taking the GIL back first. */

#include <Python.h>

#define CHECK_SIGNALS(i) if ((i) % 1000 == 0 && PyErr_CheckSignals() < 0) stop = 1;
#define CHECK_SIGNALS_IN_BLOCK(i) \
    if ((i) % 1000 == 0) { \
        Py_BLOCK_THREADS \
        if (PyErr_CheckSignals() < 0) \
            stop = 1; \
        Py_UNBLOCK_THREADS \
    }

static int unite_before(shape **shapes, long size)
{
    int stop = 0;
    Py_BEGIN_ALLOW_THREADS
    for (long i = 0; i < size && !stop; i++) {
        CHECK_SIGNALS(i)
        unite(shapes[i]);
    }
    Py_END_ALLOW_THREADS
    return stop;
}

static int unite_after(shape **shapes, long size)
{
    int stop = 0;
    Py_BEGIN_ALLOW_THREADS
    for (long i = 0; i < size && !stop; i++) {
        CHECK_SIGNALS_IN_BLOCK(i)
        unite(shapes[i]);
    }
    Py_END_ALLOW_THREADS
    return stop;
}
