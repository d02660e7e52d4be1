/* The functions that stand in for pthread_mutex_lock, pthread_mutex_unlock and
 * pthread_cond_timedwait, and what they note. session.c puts them in place.
 *
 * In CPython's take_gil() and drop_gil() (Python/ceval_gil.c) the order of events is:
 *
 *     take:  lock(mutex); wait until locked is 0; locked = 1; unlock(mutex)
 *     drop:  lock(mutex); locked = 0; signal the condition; unlock(mutex)
 *
 * So at the unlock, `locked` tells which of the two it was; and the lock before a take is the
 * moment at which its thread began to ask. Waiting for the condition unlocks the mutex inside
 * libc, where no slot of libpython is used. When that wait has lasted for the switch interval and
 * nobody took the GIL meanwhile, take_gil() requests that the holder drop it.
 */
#include "handovers.h"

#include <errno.h>
#include <sched.h>

_Atomic(pthread_mutex_t *) watched_mutex;
struct watch watch = {.holder = NOBODY};

/* How many threads are about to note that they ask. They own nothing yet, neither the GIL nor
 * its mutex: who ends the watch waits until they are done with its memory. */
static atomic_int noting;

/* The thread is about to wait for the GIL's mutex, and owns nothing yet. */
static void begin_to_ask(void)
{
    know_myself();
    if (me.has_gil)
        return; /* it locks the mutex to drop the GIL */
    me.asked = now();
    atomic_store_explicit(&watch.threads[me.row].asked, me.asked, memory_order_relaxed);
    atomic_fetch_add_explicit(&watch.asking, 1, memory_order_relaxed);
}

/* The thread that asks owns the GIL's mutex, so the holder cannot drop the GIL meanwhile. It is
 * about to request that the holder do so.
 *
 * The holder's processor time from here to its drop tells C that runs on without releasing the
 * GIL from Python code, which obeys at once when it runs. The time since the thread began to ask
 * would not: on a busy machine that thread may get no core, and make its request late.
 */
static void look_at_holder(void)
{
    uint32_t holder = atomic_load_explicit(&watch.holder, memory_order_relaxed);
    if (watch.ran_before < 0 && me.asked != 0 && holder != NOBODY)
        watch.ran_before = clock_ns(watch.threads[holder].processor);
}

static void end_to_ask(void)
{
    if (me.asked == 0)
        return;
    me.asked = 0;
    atomic_store_explicit(&watch.threads[me.row].asked, 0, memory_order_relaxed);
    atomic_fetch_sub_explicit(&watch.asking, 1, memory_order_relaxed);
}

/* The calling thread has just taken the GIL, and owns its mutex. */
static void took(int64_t at)
{
    thread_totals *totals = &watch.threads[me.row].totals;
    int64_t asked = me.asked != 0 ? me.asked : watch.started; /* it waited when we started */
    if (watch.dropped <= asked)
        asked = at; /* nobody had the GIL since it asked: it did not wait */
    int64_t waited = at - asked;
    totals->waited_ns += waited;
    if (waited > totals->longest_wait_ns)
        totals->longest_wait_ns = waited;
    totals->takes++;
    end_to_ask();
    me.has_gil = true;
    watch.asked = asked;
    watch.ran_before = -1;
    atomic_store_explicit(&watch.holder_state, gil_last_holder(watch.gil), memory_order_relaxed);
    atomic_store_explicit(&watch.holder, me.row, memory_order_relaxed);
    atomic_store_explicit(&watch.taken, at, memory_order_release);
}

/* Where the thread is that drops the GIL. Its frames are its own, and hold still.
 *
 * A thread state that is being deleted is no longer bound to its thread: then there is no stack.
 */
static uint32_t stack_of_dropper(int64_t held)
{
    if (watch.holds == NULL)
        return UNKNOWN_STACK;
    if (held < watch.stack_after_ns &&
        atomic_load_explicit(&watch.asking, memory_order_relaxed) == 0)
        return UNKNOWN_STACK;
    PyThreadState *tstate = PyGILState_GetThisThreadState();
    if (tstate == NULL || tstate != gil_last_holder(watch.gil))
        return UNKNOWN_STACK;
    return stacks_take(tstate);
}

/* Ends the hold of the calling thread, which has the GIL or owns its mutex. */
static void close_hold(int64_t at, uint32_t stack)
{
    thread_totals *totals = &watch.threads[me.row].totals;
    int64_t taken = atomic_load_explicit(&watch.taken, memory_order_relaxed);
    int64_t held = at - taken;
    totals->held_ns += held;
    if (held > totals->longest_hold_ns)
        totals->longest_hold_ns = held;
    if (watch.holds == NULL)
        return;
    if (watch.count == watch.capacity) {
        watch.lost++;
        return;
    }
    int64_t ran = -1;
    if (watch.ran_before >= 0)
        ran = clock_ns(CLOCK_THREAD_CPUTIME_ID) - watch.ran_before;
    watch.holds[watch.count++] = (hold){watch.asked, taken, at, ran, me.row, stack};
}

/* The calling thread has just dropped the GIL, and still owns its mutex. */
static void dropped(int64_t at)
{
    int64_t taken = atomic_load_explicit(&watch.taken, memory_order_relaxed);
    uint32_t stack = stack_of_dropper(at - taken);
    close_hold(at, stack);
    if (watch.alarm_ns != 0 && at - taken >= watch.alarm_ns)
        alarm_hold_ended(taken, at, stack);
    watch.threads[me.row].totals.drops++;
    me.has_gil = false;
    watch.dropped = at;
    atomic_store_explicit(&watch.holder, NOBODY, memory_order_release);
}

static inline bool is_watched(pthread_mutex_t *mutex)
{
    return mutex == atomic_load_explicit(&watched_mutex, memory_order_relaxed);
}

static int watched_lock(pthread_mutex_t *mutex)
{
    if (is_watched(mutex)) {
        atomic_fetch_add(&noting, 1);
        if (mutex == atomic_load(&watched_mutex))
            begin_to_ask();
        atomic_fetch_sub(&noting, 1);
    }
    return pthread_mutex_lock(mutex);
}

/* The mutex is owned before and after. */
static int watched_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                             const struct timespec *until)
{
    bool before = is_watched(mutex);
    int64_t taken = before ? atomic_load_explicit(&watch.taken, memory_order_relaxed) : 0;
    int result = pthread_cond_timedwait(condition, mutex, until);
    if (result == ETIMEDOUT && before && is_watched(mutex) &&
        taken == atomic_load_explicit(&watch.taken, memory_order_relaxed))
        look_at_holder();
    return result;
}

static int watched_unlock(pthread_mutex_t *mutex)
{
    if (is_watched(mutex)) {
        bool locked = gil_locked(watch.gil);
        bool known = atomic_load_explicit(&watch.holder, memory_order_relaxed) != NOBODY;
        know_myself();
        if (locked && !known)
            took(now());
        else if (!locked && known)
            dropped(now());
        else
            end_to_ask(); /* the interpreter ends: this thread gives up asking, and ends too */
    }
    return pthread_mutex_unlock(mutex);
}

const replacement stand_ins[STAND_INS] = {
    {"pthread_mutex_lock", (void *)watched_lock},
    {"pthread_mutex_unlock", (void *)watched_unlock},
    {"pthread_cond_timedwait", (void *)watched_timedwait},
};

/* Makes the hold of the calling thread, which has the GIL, the first one. Whoever owns the GIL's
 * mutex afterwards sees all of the watch. */
void begin_to_note(PyThreadState *tstate)
{
    pthread_mutex_t *mutex = &watch.gil->WATCHED_MUTEX;
    pthread_mutex_lock(mutex);
    know_myself();
    me.has_gil = true;
    watch.holder_state = tstate;
    watch.started = watch.asked = now();
    watch.taken = watch.started;
    watch.ran_before = -1;
    watch.holder = me.row;
    atomic_store(&watched_mutex, mutex);
    pthread_mutex_unlock(mutex);
}

void end_last_hold(PyThreadState *tstate)
{
    watch.stopped = now();
    close_hold(watch.stopped, watch.holds != NULL ? stacks_take(tstate) : UNKNOWN_STACK);
}

/* Afterwards no thread touches the memory of the watch: those that own the GIL's mutex look at
 * `watched_mutex` first, and those that do not own it yet are waited for. None needs the GIL. */
void end_to_note(void)
{
    pthread_mutex_t *mutex = atomic_load(&watched_mutex);
    pthread_mutex_lock(mutex);
    atomic_store(&watched_mutex, NULL);
    watch.holder = NOBODY;
    pthread_mutex_unlock(mutex);
    while (atomic_load(&noting) != 0)
        sched_yield();
}

void noting_forked(void)
{
    noting = 0; /* by threads that the child does not have */
}
