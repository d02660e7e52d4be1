/* A watch from its start to its end: the memory, the check at start, the slots.
 *
 * What is checked: that the GIL lies where we think, and that a hand-over made for a test is
 * seen as exactly two events. Otherwise the watch refuses, and nothing is left in place.
 */
#include "handovers.h"

#include <sys/mman.h>

/* A forked child has one thread and a GIL made anew: it is not watched. */
static void stop_in_child(void)
{
    threads_forget_in_child();
    if (!watch_runs())
        return;
    atomic_store(&watched_mutex, NULL);
    noting_forked();
    slots_restore();
    alarm_forget_in_child();
}

static const char *prepare_for_forks(void)
{
    static bool prepared;
    if (!prepared && pthread_atfork(NULL, NULL, stop_in_child) != 0)
        return "there is no memory for it";
    prepared = true;
    return NULL;
}

void *reserve(size_t bytes)
{
    void *place = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return place == MAP_FAILED ? NULL : place;
}

/* Looks at the GIL through our layout: we have it, so it must say so. */
static const char *doubt_of_layout(PyThreadState *tstate)
{
    if (Py_Version >> 16 != PY_VERSION_HEX >> 16)
        return "it was compiled for another version of Python";
    if ((PySys_GetObject("gettotalrefcount") != NULL) != COMPILED_FOR_DEBUG_BUILD)
        return COMPILED_FOR_DEBUG_BUILD
                   ? "it was compiled for a debug build of Python, and this is none"
                   : "this is a debug build of Python, and it was compiled for a release build";
    gil_state *gil = gil_of(tstate);
    if (gil == NULL || gil_locked(gil) != 1 || gil_last_holder(gil) != tstate)
        return "the GIL of this Python is not laid out as expected";
    return NULL;
}

/* Drops the GIL and takes it back once: exactly these two events must have been seen. */
static const char *doubt_of_events(PyThreadState *tstate)
{
    const thread_totals *totals = &watch.threads[me.row].totals;
    uint64_t takes = totals->takes, drops = totals->drops;
    Py_BEGIN_ALLOW_THREADS
    Py_END_ALLOW_THREADS
    bool seen = totals->takes == takes + 1 && totals->drops == drops + 1 &&
                watch.holder == me.row && watch.holder_state == tstate && me.has_gil &&
                me.asked == 0;
    return seen ? NULL : "a hand-over of the GIL made for a test was not seen";
}

/* Gets the memory for a watch, all of it zero; the system gives a page when it is used. */
static const char *reserve_all(uint64_t capacity)
{
    const char *why = threads_start();
    if (why != NULL || capacity == 0)
        return why;
    watch.capacity = capacity;
    watch.holds = reserve(capacity * sizeof *watch.holds);
    return watch.holds == NULL ? "there is no memory for it" : stacks_start();
}

const char *watch_start(uint64_t capacity, int64_t stack_after_ns)
{
    PyThreadState *tstate = PyThreadState_Get();
    const char *why = prepare_for_forks();
    if (why == NULL)
        why = doubt_of_layout(tstate);
    if (why != NULL)
        return why;
    watch_forget();
    why = reserve_all(capacity);
    if (why != NULL) {
        watch_forget();
        return why;
    }
    watch.stack_after_ns = stack_after_ns;
    watch.session++;
    watch.gil = gil_of(tstate);
    begin_to_note(tstate);
    why = slots_replace(stand_ins, STAND_INS);
    if (why == NULL)
        why = doubt_of_events(tstate);
    if (why != NULL) {
        end_to_note();
        slots_restore();
        watch_forget();
    }
    return why;
}

const char *watch_stop(void)
{
    if (!watch_runs())
        return NULL;
    if (alarm_is_set())
        return "its alarm is still set"; /* its thread reads what the watch notes */
    end_last_hold(PyThreadState_Get());
    end_to_note();
    return slots_restore();
}

void watch_forget(void)
{
    threads_forget();
    if (watch.holds != NULL)
        munmap(watch.holds, watch.capacity * sizeof *watch.holds);
    watch = (struct watch){.session = watch.session, .holder = NOBODY};
    stacks_forget();
}
