/* Two threads without the GIL take references to one array, and some are never
   counted.

   The unsafe half is wrong on purpose. Its page: gil-demo show refcount-race */

#include "lab.h"

/* Py_INCREF taken apart, as it is on builds with a GIL: a load, an addition, a store.
   In the block neither of the two threads has the GIL. */
void refcount_race_unsafe(PyObject *array, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < times; i++) {
        const Py_ssize_t seen = Py_REFCNT(array);
        meet(lab); /* both have loaded */
        Py_SET_REFCNT(array, seen + 1);
        meet(lab); /* both have stored */
    }
    Py_END_ALLOW_THREADS
}

/* Py_INCREF whole: a free-threaded build loses none, with a GIL or without. */
void refcount_race_free_threaded(PyObject *array, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < times; i++) {
        meet(lab); /* both are about to count */
        Py_INCREF(array);
    }
    Py_END_ALLOW_THREADS
}

/* Both want a reference at the same moment; the thread that gets the GIL goes first. */
void refcount_race_safe(PyObject *array, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    for (int64_t i = 0; i < times; i++) {
        meet(lab);
        Py_BLOCK_THREADS /* the GIL is ours from here ... */
        Py_INCREF(array);
        Py_UNBLOCK_THREADS /* ... to here */
        meet(lab);
    }
    Py_END_ALLOW_THREADS
}

/* Nothing is forced: chance decides whether a reference is lost. */
void refcount_race_unforced(PyObject *array, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    meet(lab); /* start together */
    for (int64_t i = 0; i < times; i++) {
        Py_INCREF(array);
        /* Or the compiler adds them all up in a register and stores once. */
        atomic_signal_fence(memory_order_seq_cst);
    }
    Py_END_ALLOW_THREADS
}
