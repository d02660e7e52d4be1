/* All patterns share this: a way to force an interleaving, and counters that
   survive the process.

   A lab lies in memory that the parent process sees too, so it outlives the
   child that the pattern is about to kill. Steps only ever grow: one side
   reaches a step, the other waits until it has been reached, and all that the
   first did before is visible to the second afterwards. None of these functions
   touches a Python object: call them with or without the GIL, but wait only
   without it, or when no other thread needs it. Without a GIL, wait attached only
   for a thread that does not stop all threads meanwhile: the children collect no
   garbage unless they are told to.

   Python calls each function of a pattern that is not static, and a function that
   Python calls is entered with the GIL held. The exceptions say so. */

#ifndef GIL_DEMO_LAB_H
#define GIL_DEMO_LAB_H

#ifdef WITHOUT_PYTHON /* the sanitizer harness: threads that Python does not know */
#define Py_BEGIN_ALLOW_THREADS {
#define Py_END_ALLOW_THREADS }
#define Py_BLOCK_THREADS
#define Py_UNBLOCK_THREADS
#else
#include <Python.h> /* first: it decides what the system's headers offer */
#endif

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#if !defined(WITHOUT_PYTHON) && PY_VERSION_HEX >= 0x030D0000
#define UNLOCKED {0}
#else /* CPython has no PyMutex before 3.13. This one does not detach: for blocks only */
#define PyMutex pthread_mutex_t
#define PyMutex_Lock pthread_mutex_lock
#define PyMutex_Unlock pthread_mutex_unlock
#define UNLOCKED PTHREAD_MUTEX_INITIALIZER
#endif

typedef struct {
    _Atomic int64_t step;
    _Atomic int64_t met;
    _Atomic int64_t done; /* elements, increments, ... that the kernel got through */
    _Atomic int64_t total;
    _Atomic int64_t length; /* bytes of the entries that gil_demo/lab/memory.py has finished */
} lab;

static inline void pause_for(long nanoseconds)
{
    const struct timespec pause = {.tv_nsec = nanoseconds};
    nanosleep(&pause, NULL);
}

static inline void reach(lab *lab, int64_t step)
{
    int64_t before = atomic_load(&lab->step);
    while (before < step && !atomic_compare_exchange_weak(&lab->step, &before, step))
        ;
}

static inline void wait_for(lab *lab, int64_t step)
{
    while (atomic_load(&lab->step) < step)
        pause_for(20000);
}

/* Waits until two threads have come here, the same number of times each.

   Arrivals are only counted, never reset: the first and the second of them make
   pair 1, the third and the fourth pair 2. An arrival that finds n before it
   belongs to pair n / 2 + 1, which is complete when twice as many have arrived. A
   thread cannot arrive for the next pair before its partner has arrived for this
   one, so nobody is counted in a wrong pair, and a late look sees a larger count,
   which is enough too. */
static inline void meet(lab *lab)
{
    const int64_t both = (atomic_fetch_add(&lab->met, 1) / 2 + 1) * 2;
    while (atomic_load(&lab->met) < both)
        pause_for(1000);
}

static inline void report(lab *lab, int64_t done, int64_t total)
{
    atomic_store_explicit(&lab->total, total, memory_order_relaxed);
    atomic_store_explicit(&lab->done, done, memory_order_relaxed);
}

#endif
