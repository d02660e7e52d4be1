/* The functions that stand in for pthread_mutex_lock, pthread_mutex_unlock and
 * pthread_cond_timedwait, and what they note.
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
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOBODY UINT32_MAX

struct watch watch = {.holder = NOBODY};

/* What a thread knows of itself; valid only for the watch of that session. */
static _Thread_local struct {
    uint64_t session;
    uint32_t row;
    bool has_gil;
    int64_t asked;
} me;

/* Guards the handing out of rows: a thread ends, and gives its row back, without the GIL. */
static pthread_mutex_t rows_mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t free_rows[MAX_THREADS], free_count;
static pthread_key_t at_thread_end;

/* Runs in a thread that ends, without the GIL: its row may go to another thread.
 * Only while no holds are kept, for these name their thread by its row. */
static void give_row_back(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&rows_mutex);
    if (watch.running && me.session == watch.session && watch.holds == NULL && me.row != 0) {
        thread_row *row = &watch.threads[me.row];
        watch.ended.held_ns += row->held_ns;
        watch.ended.waited_ns += row->waited_ns;
        watch.ended.takes += row->takes;
        if (row->longest_hold_ns > watch.ended.longest_hold_ns)
            watch.ended.longest_hold_ns = row->longest_hold_ns;
        if (row->longest_wait_ns > watch.ended.longest_wait_ns)
            watch.ended.longest_wait_ns = row->longest_wait_ns;
        *row = (thread_row){0};
        free_rows[free_count++] = me.row;
    }
    me.session = 0;
    pthread_mutex_unlock(&rows_mutex);
}

/* Gives the calling thread a row of its own, the first time a watch meets it. */
static void enrol(void)
{
    pthread_mutex_lock(&rows_mutex);
    uint32_t row = free_count > 0                ? free_rows[--free_count]
                   : watch.rows < MAX_THREADS ? watch.rows++
                                                 : 0;
    if (row != 0) {
        watch.threads[row].pthread = (uint64_t)pthread_self();
        watch.threads[row].native_id = (int)gettid();
        if (pthread_getcpuclockid(pthread_self(), &watch.threads[row].processor) != 0)
            watch.threads[row].processor = CLOCK_MONOTONIC;
        watch.threads[row].serial = ++watch.serials;
    }
    me.session = watch.session;
    me.row = row;
    me.has_gil = false;
    me.asked = 0;
    pthread_mutex_unlock(&rows_mutex);
    pthread_setspecific(at_thread_end, &me);
}

static inline void know_myself(void)
{
    if (me.session != watch.session)
        enrol();
}

uint32_t watch_this_thread(void)
{
    know_myself();
    return me.row;
}

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
    thread_row *row = &watch.threads[me.row];
    int64_t asked = me.asked != 0 ? me.asked : watch.started; /* it waited when we started */
    if (watch.dropped <= asked)
        asked = at; /* nobody had the GIL since it asked: it did not wait */
    int64_t waited = at - asked;
    row->waited_ns += waited;
    if (waited > row->longest_wait_ns)
        row->longest_wait_ns = waited;
    row->takes++;
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
    thread_row *row = &watch.threads[me.row];
    int64_t taken = atomic_load_explicit(&watch.taken, memory_order_relaxed);
    int64_t held = at - taken;
    row->held_ns += held;
    if (held > row->longest_hold_ns)
        row->longest_hold_ns = held;
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

/* Leaves word for the alarm if this hold has made another thread wait too long. */
static void tell_alarm(int64_t at, int64_t held, uint32_t stack)
{
    int64_t waited = 0;
    for (uint32_t i = 1; i < watch.rows; i++) {
        int64_t asked = atomic_load_explicit(&watch.threads[i].asked, memory_order_relaxed);
        if (asked != 0 && at - asked > waited)
            waited = at - asked;
    }
    if (waited > held)
        waited = held;
    if (waited < watch.alarm_ns)
        return;
    uint64_t number = atomic_load_explicit(&watch.overlongs, memory_order_relaxed);
    watch.overlong[number % 16] = (struct overlong){at - held, held, waited, me.row, stack};
    atomic_store_explicit(&watch.overlongs, number + 1, memory_order_release);
}

/* The calling thread has just dropped the GIL, and still owns its mutex. */
static void dropped(int64_t at)
{
    int64_t held = at - atomic_load_explicit(&watch.taken, memory_order_relaxed);
    uint32_t stack = stack_of_dropper(held);
    close_hold(at, stack);
    if (watch.alarm_ns != 0 && held >= watch.alarm_ns)
        tell_alarm(at, held, stack);
    watch.threads[me.row].drops++;
    me.has_gil = false;
    watch.dropped = at;
    atomic_store_explicit(&watch.holder, NOBODY, memory_order_release);
}

static int watched_lock(pthread_mutex_t *mutex)
{
    if (mutex == watch.mutex && atomic_load_explicit(&watch.running, memory_order_relaxed))
        begin_to_ask();
    return pthread_mutex_lock(mutex);
}

/* The mutex is owned before and after. */
static int watched_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                             const struct timespec *until)
{
    int64_t taken = atomic_load_explicit(&watch.taken, memory_order_relaxed);
    int result = pthread_cond_timedwait(condition, mutex, until);
    if (result == ETIMEDOUT && mutex == watch.mutex &&
        atomic_load_explicit(&watch.running, memory_order_relaxed) &&
        taken == atomic_load_explicit(&watch.taken, memory_order_relaxed))
        look_at_holder();
    return result;
}

static int watched_unlock(pthread_mutex_t *mutex)
{
    if (mutex == watch.mutex && atomic_load_explicit(&watch.running, memory_order_relaxed)) {
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

/* A forked child has one thread and a GIL made anew: it is not watched. */
static void stop_in_child(void)
{
    if (!watch.running)
        return;
    watch.running = false;
    slots_restore();
    alarm_forget_in_child();
}

static const char *prepare_once(void)
{
    static bool prepared;
    if (!prepared && (pthread_key_create(&at_thread_end, give_row_back) != 0 ||
                      pthread_atfork(NULL, NULL, stop_in_child) != 0))
        return "there is no memory for it";
    prepared = true;
    return NULL;
}

static void *reserve(size_t bytes)
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
    gil_state *gil = gil_of(tstate);
    if (gil == NULL || gil_locked(gil) != 1 || gil_last_holder(gil) != tstate)
        return "the GIL of this Python is not laid out as expected";
    return NULL;
}

/* Drops the GIL and takes it back once: exactly these two events must have been seen. */
static const char *doubt_of_events(PyThreadState *tstate)
{
    thread_row *row = &watch.threads[me.row];
    uint64_t takes = row->takes, drops = row->drops;
    Py_BEGIN_ALLOW_THREADS
    Py_END_ALLOW_THREADS
    bool seen = row->takes == takes + 1 && row->drops == drops + 1 && watch.holder == me.row &&
                watch.holder_state == tstate && me.has_gil && me.asked == 0;
    return seen ? NULL : "a hand-over of the GIL made for a test was not seen";
}

const char *watch_start(uint64_t capacity, int64_t stack_after_ns)
{
    PyThreadState *tstate = PyThreadState_Get();
    const char *why = prepare_once();
    if (why == NULL)
        why = doubt_of_layout(tstate);
    if (why != NULL)
        return why;
    watch_forget();
    watch.threads = reserve(MAX_THREADS * sizeof *watch.threads);
    watch.holds = capacity > 0 ? reserve(capacity * sizeof *watch.holds) : NULL;
    if (watch.threads == NULL || (capacity > 0 && watch.holds == NULL))
        why = "there is no memory for it";
    if (why == NULL && capacity > 0)
        why = stacks_start();
    if (why != NULL) {
        watch_forget();
        return why;
    }
    watch.capacity = capacity;
    watch.stack_after_ns = stack_after_ns;
    watch.rows = 1;
    watch.session++;
    watch.gil = gil_of(tstate);
    watch.mutex = &watch.gil->WATCHED_MUTEX;
    know_myself();
    me.has_gil = true;
    watch.holder_state = tstate;
    watch.started = watch.asked = now();
    watch.taken = watch.started;
    watch.ran_before = -1;
    watch.holder = me.row;
    watch.running = true;
    static const replacement ours[] = {{"pthread_mutex_lock", (void *)watched_lock},
                                       {"pthread_mutex_unlock", (void *)watched_unlock},
                                       {"pthread_cond_timedwait", (void *)watched_timedwait}};
    why = slots_replace(ours, sizeof ours / sizeof *ours);
    if (why == NULL)
        why = doubt_of_events(tstate);
    if (why != NULL) {
        watch.running = false;
        slots_restore();
        watch_forget();
    }
    return why;
}

const char *watch_stop(void)
{
    if (!watch.running)
        return NULL;
    watch.stopped = now();
    uint32_t stack = watch.holds != NULL ? stacks_take(PyThreadState_Get()) : UNKNOWN_STACK;
    close_hold(watch.stopped, stack);
    watch.running = false;
    watch.holder = NOBODY;
    return slots_restore();
}

void watch_forget(void)
{
    pthread_mutex_lock(&rows_mutex);
    if (watch.threads != NULL)
        munmap(watch.threads, MAX_THREADS * sizeof *watch.threads);
    if (watch.holds != NULL)
        munmap(watch.holds, watch.capacity * sizeof *watch.holds);
    watch = (struct watch){.session = watch.session, .holder = NOBODY, .serials = 0};
    free_count = 0;
    pthread_mutex_unlock(&rows_mutex);
    stacks_forget();
}
