/* C waits, with the GIL held, for a thread that needs the GIL: no other lock is
   involved.

   The unsafe half is wrong on purpose. Its page: gil-demo show wait-with-gil */

#include "lab.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

/* Reads from a pipe until the array is full, and returns how many elements came.
   It calls no Python; it may wait for as long as the writer takes. */
static int64_t receive(int pipe, double *data, int64_t size)
{
    char *bytes = (char *)data;
    const int64_t wanted = size * (int64_t)sizeof *data;
    int64_t have = 0;
    while (have < wanted) {
        const ssize_t got = read(pipe, bytes + have, (size_t)(wanted - have));
        if (got < 0 && errno == EINTR)
            continue; /* a signal came; to react to Ctrl-C see uninterruptible.c */
        if (got <= 0)
            break;
        have += got;
    }
    return have / (int64_t)sizeof *data;
}

/* A thread of C. It calls Python, so it waits until it gets the GIL. */
static void *call_python(void *function)
{
    PyGILState_STATE before = PyGILState_Ensure();
    PyObject *result = PyObject_CallNoArgs(function);
    if (result == NULL)
        PyErr_WriteUnraisable(function);
    Py_XDECREF(result);
    PyGILState_Release(before);
    return NULL;
}

int64_t wait_with_gil_unsafe(int pipe, double *data, int64_t size, lab *lab)
{
    int64_t received;

    reach(lab, 1);
    received = receive(pipe, data, size); /* the GIL is held: no Python thread can write */
    return received;
}

/* The same mistake with another wait. */
int wait_with_gil_unsafe_join(PyObject *function)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, call_python, function) != 0)
        return -1;
    pthread_join(thread, NULL); /* the GIL is held: the thread never gets it */
    return 0;
}

int64_t wait_with_gil_safe(int pipe, double *data, int64_t size, lab *lab)
{
    int64_t received;

    Py_BEGIN_ALLOW_THREADS
    reach(lab, 1);
    received = receive(pipe, data, size); /* the writer can have the GIL */
    Py_END_ALLOW_THREADS
    return received;
}

int wait_with_gil_safe_join(PyObject *function)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, call_python, function) != 0)
        return -1;
    Py_BEGIN_ALLOW_THREADS
    pthread_join(thread, NULL); /* the thread can have the GIL */
    Py_END_ALLOW_THREADS
    return 0;
}
