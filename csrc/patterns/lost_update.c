/* Two threads add to one cell, and one addition overwrites the other.

   The unsafe half is wrong on purpose. Its page: gil-demo show lost-update */

#include "lab.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* To the processor, *cell += 1 is a load, an addition and a store. In between,
   the other thread does the same: neither has the GIL in the block. */
void lost_update_unsafe(volatile int64_t *cell, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < times; i++) {
        int64_t seen = *cell;
        meet(lab); /* both have loaded */
        *cell = seen + 1;
        meet(lab); /* both have stored */
    }
    Py_END_ALLOW_THREADS
}

/* Each thread has its own cell; the thread that waits for both adds them up. */
void lost_update_safe(volatile int64_t *own_cell, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < times; i++) {
        int64_t seen = *own_cell;
        meet(lab);
        *own_cell = seen + 1;
        meet(lab);
    }
    Py_END_ALLOW_THREADS
}

/* Load, addition and store as one step. An element of an array is no _Atomic
   object, hence the compiler's builtin. Relaxed: only the count matters, and
   the thread that reads it has waited for both. */
void lost_update_safe_atomic(int64_t *cell, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    meet(lab); /* start together: nobody can meet inside one step */
    for (int64_t i = 0; i < times; i++)
        __atomic_fetch_add(cell, 1, __ATOMIC_RELAXED);
    Py_END_ALLOW_THREADS
}

/* Locked and unlocked inside the block: no thread waits for the GIL while it
   holds the mutex. The cell is no volatile: the mutex orders all there is to order. */
void lost_update_safe_mutex(int64_t *cell, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    meet(lab); /* start together: nobody can meet inside the lock */
    for (int64_t i = 0; i < times; i++) {
        pthread_mutex_lock(&mutex);
        *cell = *cell + 1;
        pthread_mutex_unlock(&mutex);
    }
    Py_END_ALLOW_THREADS
}

/* Nothing is forced: chance decides whether an update of the one cell is lost. */
void lost_update_unforced(volatile int64_t *cell, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    meet(lab); /* start together */
    for (int64_t i = 0; i < times; i++)
        *cell = *cell + 1;
    Py_END_ALLOW_THREADS
}
