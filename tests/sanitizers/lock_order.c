/* flagged by: thread */
#include "patterns/lab.h"

#include <pthread.h>

/* Plays the GIL, which to the sanitizer is a mutex like any other. */
static pthread_mutex_t gil = PTHREAD_MUTEX_INITIALIZER;

#undef Py_BEGIN_ALLOW_THREADS
#undef Py_END_ALLOW_THREADS
#define Py_BEGIN_ALLOW_THREADS { pthread_mutex_unlock(&gil);
#define Py_END_ALLOW_THREADS pthread_mutex_lock(&gil); }

#include "../../csrc/patterns/lock_order.c"

#include "harness.h"

static double cell;

static void call(void (*function)(double *, lab *))
{
    pthread_mutex_lock(&gil);
    function(&cell, &shared_lab);
    pthread_mutex_unlock(&gil);
}

/* One after the other: in the deadlock itself nothing is reported. */
static void unsafe(int thread)
{
    if (thread == 0) {
        reach(&shared_lab, 2);
        call(lock_order_unsafe_inside);
        reach(&shared_lab, 3);
    } else {
        wait_for(&shared_lab, 3);
        call(lock_order_unsafe_outside);
    }
}

static void safe(int thread)
{
    wait_for(&shared_lab, thread);
    call(thread == 0 ? lock_order_safe_inside : lock_order_safe_outside);
}

HARNESS(2, unsafe, safe)
