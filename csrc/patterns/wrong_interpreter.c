/* A thread that C started asks for the GIL and is attached to the wrong
   interpreter.

   The unsafe half is wrong on purpose. Its page: gil-demo show wrong-interpreter */

#include "lab.h"

#include <pthread.h>

struct sum_job {
    const double *data;
    int64_t size;
    PyInterpreterState *caller, *receiver;
};

/* Leaves the sum in the interpreter that this thread is attached to, whichever that is. */
static void deliver(struct sum_job *job)
{
    double total = 0.0;
    for (int64_t i = 0; i < job->size; i++)
        total += job->data[i];
    job->receiver = PyInterpreterState_Get();
    PyObject *kept = PyInterpreterState_GetDict(job->receiver); /* borrowed */
    PyObject *sum = PyFloat_FromDouble(total);
    if (kept == NULL || sum == NULL || PyDict_SetItemString(kept, "sum", sum) < 0)
        PyErr_Clear();
    Py_XDECREF(sum);
}

/* C starts a thread here: it has no thread state yet, and no GIL. */
void *wrong_interpreter_unsafe(void *job)
{
    PyGILState_STATE before = PyGILState_Ensure(); /* it is not told which interpreter */
    deliver(job);
    PyGILState_Release(before);
    return NULL;
}

void *wrong_interpreter_safe(void *job)
{
    PyThreadState *state = PyThreadState_New(((struct sum_job *)job)->caller);
    if (state == NULL)
        return NULL;
    PyEval_RestoreThread(state); /* takes the GIL of the interpreter that asked */
    deliver(job);
    PyThreadState_Clear(state);
    PyThreadState_DeleteCurrent(); /* releases it too */
    return NULL;
}

/* Plays a subinterpreter whose call starts a thread. Returns the sum that it finds then. */
double wrong_interpreter_ask(void *(*thread)(void *), const double *data, int64_t size,
                             int64_t *ids)
{
    PyThreadState *main_state = PyThreadState_Get();
    PyThreadState *state = Py_NewInterpreter(); /* attached: from here on we are in it */
    if (state == NULL) {
        PyThreadState_Swap(main_state); /* a failure may leave no thread state attached */
        return -1.0;
    }
    struct sum_job job = {data, size, PyInterpreterState_Get(), NULL};
    pthread_t started;
    Py_BEGIN_ALLOW_THREADS
    if (pthread_create(&started, NULL, thread, &job) == 0)
        pthread_join(started, NULL);
    Py_END_ALLOW_THREADS
    PyObject *kept = PyInterpreterState_GetDict(job.caller); /* borrowed, and so is the sum */
    PyObject *sum = kept ? PyDict_GetItemString(kept, "sum") : NULL;
    const double found = sum ? PyFloat_AsDouble(sum) : 0.0;
    ids[0] = PyInterpreterState_GetID(job.caller);
    ids[1] = job.receiver ? PyInterpreterState_GetID(job.receiver) : -1;
    Py_EndInterpreter(state);
    PyThreadState_Swap(main_state);
    return found;
}
