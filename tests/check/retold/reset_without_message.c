/* leaves-block: The iterator raises by itself, in the block, and the function returns from there. */

#include <Python.h>

static int loop_before(NpyIter *iter, inner *loop)
{
    NPY_BEGIN_THREADS_DEF;
    NPY_BEGIN_THREADS;
    if (NpyIter_Reset(iter, NULL) != NPY_SUCCEED) {
        NpyIter_Deallocate(iter);
        return -1;
    }
    run(loop);
    NPY_END_THREADS;
    return 0;
}

static int loop_after(NpyIter *iter, inner *loop)
{
    char *message = NULL;
    NPY_BEGIN_THREADS_DEF;
    NPY_BEGIN_THREADS;
    if (NpyIter_Reset(iter, &message) != NPY_SUCCEED) {
        NPY_END_THREADS;
        PyErr_SetString(PyExc_ValueError, message);
        NpyIter_Deallocate(iter);
        return -1;
    }
    run(loop);
    NPY_END_THREADS;
    return 0;
}
