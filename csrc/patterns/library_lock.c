/* A library has one lock for all its calls, so threads wait although the GIL is free.

   The unsafe half is slow on purpose. Its page: gil-demo show library-lock */

#include "lab.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int64_t calls; /* the library's own state: read and written with the mutex only */

static double sum(const double *data, int64_t size)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += data[i];
    return total;
}

/* Counts the calls that are at work; the largest number so far is lab->total. */
static void begin_work(lab *lab)
{
    const int64_t at_work = atomic_fetch_add(&lab->done, 1) + 1;
    int64_t most = atomic_load(&lab->total);
    while (most < at_work && !atomic_compare_exchange_weak(&lab->total, &most, at_work))
        ;
}

static void end_work(lab *lab)
{
    atomic_fetch_sub(&lab->done, 1);
}

/* The mutex is taken and given back inside the block: no deadlock with the GIL. */
double library_lock_unsafe(const double *data, int64_t size, int at_once, lab *lab)
{
    double total;

    (void)at_once; /* the other call waits for the mutex */
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&mutex);
    calls++;
    begin_work(lab);
    total = sum(data, size);
    end_work(lab);
    pthread_mutex_unlock(&mutex);
    Py_END_ALLOW_THREADS
    return total;
}

/* `at_once`: another thread makes the same call at this moment. */
double library_lock_safe(const double *data, int64_t size, int at_once, lab *lab)
{
    double total;

    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&mutex);
    calls++;
    pthread_mutex_unlock(&mutex); /* only what the calls share is behind the lock */
    begin_work(lab);
    if (at_once)
        meet(lab); /* both are at work now; under one lock they would wait for ever */
    total = sum(data, size);
    end_work(lab);
    Py_END_ALLOW_THREADS
    return total;
}
