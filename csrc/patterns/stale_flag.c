/* One thread tells another to stop through a plain variable, and the compiler
   reads it only once.

   The unsafe half is wrong on purpose. Its page: gil-demo show stale-flag */

#include "lab.h"

#include <stdbool.h>

static bool plain;
static atomic_bool atomic;

/* Makes passes over the array, at most `most`, until it is told to stop. Nothing in
   the loop tells the compiler that another thread may write to the flag. */
int64_t stale_flag_unsafe(double *data, int64_t size, int64_t most, volatile int64_t *passes)
{
    int64_t pass = 0;

    Py_BEGIN_ALLOW_THREADS
    while (pass < most && !plain) {
        for (int64_t i = 0; i < size; i++)
            data[i] += 1.0;
        *passes = ++pass;
    }
    Py_END_ALLOW_THREADS
    return pass;
}

void stale_flag_unsafe_stop(void)
{
    plain = true;
}

int64_t stale_flag_safe(double *data, int64_t size, int64_t most, lab *lab)
{
    int64_t pass = 0;

    Py_BEGIN_ALLOW_THREADS
    while (pass < most && !atomic_load_explicit(&atomic, memory_order_acquire)) {
        for (int64_t i = 0; i < size; i++)
            data[i] += 1.0;
        reach(lab, ++pass);
    }
    Py_END_ALLOW_THREADS
    return pass;
}

void stale_flag_safe_stop(void)
{
    atomic_store_explicit(&atomic, true, memory_order_release);
}
