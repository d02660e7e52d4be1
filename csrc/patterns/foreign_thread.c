/* A thread that C started calls Python, and has neither the GIL nor a thread
   state.

   The unsafe half is wrong on purpose. Its page: gil-demo show foreign-thread */

#include "lab.h"

#include <pthread.h>

struct part {
    const double *data;
    int64_t size;
    double total;
    PyObject *function; /* borrowed: the caller waits until the thread has ended */
};

/* Any thread, no GIL. */
static void sum(struct part *part)
{
    part->total = 0.0;
    for (int64_t i = 0; i < part->size; i++)
        part->total += part->data[i];
}

/* Calls function(total). Needs the GIL. */
static void tell(struct part *part)
{
    PyObject *result = PyObject_CallFunction(part->function, "d", part->total);
    if (result == NULL)
        PyErr_WriteUnraisable(part->function);
    Py_XDECREF(result);
}

/* Starts a thread on the second half of the array and sums the first half here. The
   GIL is released until both are done. Returns 0, or -1 if no thread could be started. */
static int sum_in_two_threads(struct part parts[2], void *(*thread)(void *))
{
    pthread_t started;
    int error;

    Py_BEGIN_ALLOW_THREADS
    error = pthread_create(&started, NULL, thread, &parts[1]);
    if (error == 0) {
        sum(&parts[0]);
        pthread_join(started, NULL);
    }
    Py_END_ALLOW_THREADS
    return error ? -1 : 0;
}

static void *work_unsafe(void *part)
{
    sum(part);
    tell(part); /* Python does not know this thread */
    return NULL;
}

int foreign_thread_unsafe(const double *data, int64_t size, PyObject *function)
{
    const int64_t half = size / 2;
    struct part parts[2] = {
        {data, half, 0.0, function},
        {data + half, size - half, 0.0, function},
    };
    if (sum_in_two_threads(parts, work_unsafe) < 0)
        return -1;
    tell(&parts[0]);
    return 0;
}

static void *work_safe(void *part)
{
    sum(part);
    PyGILState_STATE before = PyGILState_Ensure(); /* waits for the GIL */
    tell(part);
    PyGILState_Release(before);
    return NULL;
}

int foreign_thread_safe(const double *data, int64_t size, PyObject *function)
{
    const int64_t half = size / 2;
    struct part parts[2] = {
        {data, half, 0.0, function},
        {data + half, size - half, 0.0, function},
    };
    if (sum_in_two_threads(parts, work_safe) < 0)
        return -1;
    tell(&parts[0]);
    return 0;
}

static void *only_sum_safe(void *part)
{
    sum(part);
    return NULL;
}

/* The thread leaves its sum in C memory. Python is called by the caller's own thread. */
int foreign_thread_safe_afterwards(const double *data, int64_t size, PyObject *function)
{
    const int64_t half = size / 2;
    struct part parts[2] = {
        {data, half, 0.0, function},
        {data + half, size - half, 0.0, function},
    };
    if (sum_in_two_threads(parts, only_sum_safe) < 0)
        return -1;
    tell(&parts[1]);
    tell(&parts[0]);
    return 0;
}
