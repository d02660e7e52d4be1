/* C that holds or releases the GIL for a stated time: for tests of watchdogs, and for our own.
 *
 * duty_cycles() stamps the truth itself, right beside the two calls that drop and take the GIL.
 * What `watch` tells is compared with it.
 */
#include "handovers.h"

#include <math.h>

/* Stays here until `end`, on the processor or asleep. Touches nothing of Python. */
static void pass_time(int64_t end, bool spinning)
{
    int64_t left;
    while ((left = end - now()) > 0)
        if (!spinning) {
            struct timespec t = {left / 1000000000, left % 1000000000};
            nanosleep(&t, NULL);
        }
}

/* Seconds from a Python number, as nanoseconds; -1 with an exception if it is none we can wait. */
static int64_t nanoseconds(double seconds)
{
    if (isfinite(seconds) && seconds >= 0 && seconds <= 1e9)
        return (int64_t)(seconds * 1e9);
    PyErr_SetString(PyExc_ValueError, "seconds must be a number from 0 to 1e9");
    return -1;
}

PyObject *duty_hold(PyObject *module, PyObject *args)
{
    (void)module;
    double seconds;
    if (!PyArg_ParseTuple(args, "d:hold_gil", &seconds))
        return NULL;
    int64_t length = nanoseconds(seconds);
    if (length < 0)
        return NULL;
    pass_time(now() + length, true); /* the GIL is held: this is the point */
    Py_RETURN_NONE;
}

PyObject *duty_release(PyObject *module, PyObject *args)
{
    (void)module;
    double seconds;
    if (!PyArg_ParseTuple(args, "d:release_gil", &seconds))
        return NULL;
    int64_t length = nanoseconds(seconds);
    if (length < 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    pass_time(now() + length, true);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

/* (held, released, spinning, cycles, limit) in nanoseconds -> (start, end, held at least, at most).
 * No further cycle begins once they have lasted for `limit`: a busy machine makes them longer.
 *
 * Time inside a hand-over belongs to neither side: the stamps before and after it tell how
 * much that can be. */
PyObject *duty_cycles(PyObject *module, PyObject *args)
{
    (void)module;
    long long held, released, limit;
    int spinning, cycles;
    if (!PyArg_ParseTuple(args, "LLpiL:cycles", &held, &released, &spinning, &cycles, &limit))
        return NULL;
    int64_t start = now(), surely = start, perhaps = start, least = 0, most = 0;
    for (int i = 0; i < cycles && surely - start < limit; i++) {
        pass_time(surely + held, true);
        if (released > 0) {
            int64_t before = now();
            PyThreadState *state = PyEval_SaveThread();
            int64_t away = now();
            least += before - surely;
            most += away - perhaps;
            pass_time(away + released, spinning);
            perhaps = now();
            PyEval_RestoreThread(state);
            surely = now();
        }
    }
    int64_t end = now();
    return Py_BuildValue("(LLLL)", (long long)start, (long long)end,
                         (long long)(least + end - surely), (long long)(most + end - perhaps));
}

/* How many nanoseconds `pairs` bare drops and takes last: what watching adds to each. */
PyObject *duty_pairs(PyObject *module, PyObject *args)
{
    (void)module;
    long long pairs;
    if (!PyArg_ParseTuple(args, "L:pairs", &pairs))
        return NULL;
    int64_t start = now();
    for (long long i = 0; i < pairs; i++) {
        Py_BEGIN_ALLOW_THREADS /* gil-demo: ignore[block-in-loop] the pairs are what is timed */
        Py_END_ALLOW_THREADS
    }
    return PyLong_FromLongLong(now() - start);
}
