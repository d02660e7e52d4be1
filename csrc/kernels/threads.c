/* The same kernels on plain threads, without Python: what this machine can
   do at this moment, as a comparison for released Python threads. */

#include "kernels.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct runner {
    pthread_t thread;
    pthread_mutex_t *gate;
    kernel which;
    kernel_call *call;
};

static void *wait_and_run(void *argument)
{
    struct runner *self = argument;
    pthread_mutex_lock(self->gate);
    pthread_mutex_unlock(self->gate);
    run_kernel(self->which, self->call);
    return NULL;
}

/* Runs calls[0] to calls[count - 1] at once, one thread each, and returns 0,
   or the error number of the thread that could not be started. No thread here
   is known to Python, so none of them may call it. */
int run_on_native_threads(kernel which, kernel_call *calls, int count)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct runner *runners = calloc((size_t)count, sizeof *runners);
    if (runners == NULL)
        return ENOMEM;

    int started = 0, error = 0;
    pthread_mutex_lock(&gate);
    while (started < count && error == 0) {
        struct runner *next = &runners[started];
        *next = (struct runner){.gate = &gate, .which = which, .call = &calls[started]};
        error = pthread_create(&next->thread, NULL, wait_and_run, next);
        if (error == 0)
            started++;
    }
    if (error != 0)
        set_cancelled(1); /* stays raised: the caller lowers it */
    pthread_mutex_unlock(&gate);

    for (int i = 0; i < started; i++)
        pthread_join(runners[i].thread, NULL);
    free(runners);
    return error;
}
