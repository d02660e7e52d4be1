/* The call returns, and a thread of C goes on with the array's address, but nobody
   keeps the array.

   The unsafe half is wrong on purpose. Its page: gil-demo show kept-pointer */

#include "common/numpy_api.h"
#include "lab.h"

#include <pthread.h>

static struct {
    pthread_t thread;
    PyObject *owner; /* the array, in the safe half */
    const double *data;
    int64_t size, step;
    double total;
    lab *lab;
} job;

/* The thread of C: no GIL, no Python. It begins when the step has been reached. */
static void *sum(void *Py_UNUSED(nothing))
{
    wait_for(job.lab, job.step);
    report(job.lab, 0, job.size);
    job.total = 0.0;
    for (int64_t i = 0; i < job.size; i++) {
        job.total += job.data[i];
        report(job.lab, i + 1, job.size);
    }
    return NULL;
}

static int start(PyObject *array, int64_t step, lab *lab)
{
    job.data = PyArray_DATA((PyArrayObject *)array);
    job.size = PyArray_SIZE((PyArrayObject *)array);
    job.step = step;
    job.lab = lab;
    return pthread_create(&job.thread, NULL, sum, NULL) ? -1 : 0;
}

static double finish(void)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_join(job.thread, NULL);
    Py_END_ALLOW_THREADS
    return job.total;
}

/* Returns at once. The caller owns the array during this call, but not after it. */
int kept_pointer_unsafe_start(PyObject *array, int64_t step, lab *lab)
{
    return start(array, step, lab);
}

double kept_pointer_unsafe_finish(void)
{
    return finish();
}

int kept_pointer_safe_start(PyObject *array, int64_t step, lab *lab)
{
    Py_INCREF(array); /* ours, until the job is finished */
    job.owner = array;
    if (start(array, step, lab) < 0) {
        Py_CLEAR(job.owner);
        return -1;
    }
    return 0;
}

double kept_pointer_safe_finish(void)
{
    const double total = finish();
    Py_CLEAR(job.owner); /* the GIL is held again */
    return total;
}
