/* C state that no lock protects but the GIL: two calls change it at once when
   the GIL is released.

   The unsafe half is wrong on purpose. Its page: gil-demo show gil-as-lock */

#include "lab.h"

/* How many numbers the log has. C's own state: while every call kept the GIL,
   no other call could come between looking here and writing back. Volatile, so
   that each step touches memory, as it does when each number is a call; the safe
   half does not need that, because the mutex orders all there is to order. */
static volatile int64_t used;

/* The one lock for it, in a block and outside: a thread that is attached detaches
   while it waits for a PyMutex. Before 3.13 it is one of pthread's, see lab.h. */
static PyMutex mutex = UNLOCKED;

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

/* The unsafe half where there is no GIL. To stay attached excludes nobody
   there: the same, without a block. */
void gil_as_lock_no_gil(double *numbers, double number, int64_t times, lab *lab)
{
    for (int64_t i = 0; i < times; i++) {
        const int64_t end = used;
        meet(lab); /* with a GIL they could not meet here */
        numbers[end] = number;
        used = end + 1;
        meet(lab);
    }
}

/* The safe half there: the same, with the lock. */
void gil_as_lock_no_gil_locked(double *numbers, double number, int64_t times, lab *lab)
{
    for (int64_t i = 0; i < times; i++) {
        meet(lab); /* both are about to look */
        PyMutex_Lock(&mutex);
        const int64_t end = used;
        numbers[end] = number;
        used = end + 1;
        PyMutex_Unlock(&mutex);
    }
}

void gil_as_lock_safe(double *numbers, double number, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < times; i++) {
        meet(lab); /* both are about to look: inside the lock they cannot meet */
        PyMutex_Lock(&mutex);
        const int64_t end = used;
        numbers[end] = number;
        used = end + 1;
        PyMutex_Unlock(&mutex);
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
