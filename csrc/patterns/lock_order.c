/* One thread holds a mutex and asks for the GIL, the other holds the GIL and
   asks for the mutex.

   The unsafe half is wrong on purpose. Its page: gil-demo show lock-order */

#include "lab.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* One thread: the mutex first, then the GIL, which END takes back. */
void lock_order_unsafe_inside(double *cell, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&mutex);
    reach(lab, 1);
    wait_for(lab, 2); /* until the other thread has the GIL and wants the mutex */
    *cell += 1.0;
    Py_END_ALLOW_THREADS /* still holding the mutex */
    pthread_mutex_unlock(&mutex);
}

/* The other thread: it holds the GIL, and keeps it while it waits for the mutex. */
void lock_order_unsafe_outside(double *cell, lab *lab)
{
    reach(lab, 2);
    pthread_mutex_lock(&mutex);
    *cell += 1.0;
    pthread_mutex_unlock(&mutex);
}

/* The first thread: without a GIL, END waits for a collection. */
void lock_order_no_gil(double *cell, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&mutex);
    reach(lab, 1);
    wait_for(lab, 2);
    *cell += 1.0;
    while (atomic_load(&lab->step) < 3) { /* until it is over */
        Py_BLOCK_THREADS /* END, still holding the mutex */
        Py_UNBLOCK_THREADS
    }
    pthread_mutex_unlock(&mutex);
    Py_END_ALLOW_THREADS
}

void lock_order_safe_inside(double *cell, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&mutex);
    reach(lab, 1);
    wait_for(lab, 2);
    *cell += 1.0;
    pthread_mutex_unlock(&mutex); /* before END asks for the GIL */
    Py_END_ALLOW_THREADS
}

void lock_order_safe_outside(double *cell, lab *lab)
{
    reach(lab, 2);
    Py_BEGIN_ALLOW_THREADS /* release the GIL before waiting for the mutex */
    pthread_mutex_lock(&mutex);
    *cell += 1.0;
    pthread_mutex_unlock(&mutex);
    Py_END_ALLOW_THREADS
}
