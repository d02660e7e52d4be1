/* C state that no lock protects but the GIL: two calls change it at once when
   the GIL is released.

   The unsafe half is wrong on purpose. Its page: gil-demo show gil-as-lock */

#include "lab.h"

#include <pthread.h>

/* How many numbers the log has. C's own state: while every call kept the GIL,
   no other call could come between looking here and writing back. Volatile, so
   that each step touches memory, as it does when each number is a call; the safe
   half does not need that, because the mutex orders all there is to order. */
static volatile int64_t used;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Appends a number, and does it several times: in the block without the GIL, and
   without a lock. */
void gil_as_lock_unsafe(double *numbers, double number, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < times; i++) {
        const int64_t end = used;
        meet(lab); /* both have seen the same end */
        numbers[end] = number;
        used = end + 1;
        meet(lab);
    }
    Py_END_ALLOW_THREADS
}

/* Where there is no GIL, keeping it excludes nobody: the same, without a block. */
void gil_as_lock_held(double *numbers, double number, int64_t times, lab *lab)
{
    for (int64_t i = 0; i < times; i++) {
        const int64_t end = used;
        meet(lab); /* both have seen the same end: with a GIL they could not meet */
        numbers[end] = number;
        used = end + 1;
        meet(lab);
    }
}

void gil_as_lock_safe(double *numbers, double number, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < times; i++) {
        meet(lab); /* both are about to look: inside the lock they cannot meet */
        pthread_mutex_lock(&mutex);
        const int64_t end = used;
        numbers[end] = number;
        used = end + 1;
        pthread_mutex_unlock(&mutex);
    }
    Py_END_ALLOW_THREADS
}

/* Nothing is forced: chance decides whether a number is lost. */
void gil_as_lock_unforced(double *numbers, double number, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    meet(lab); /* start together */
    for (int64_t i = 0; i < times; i++) {
        const int64_t end = used;
        numbers[end] = number;
        used = end + 1;
    }
    Py_END_ALLOW_THREADS
}
