/* Stamps every hand-over of the GIL: who took it, when, and for how long.
 *
 * CPython guards its GIL with one mutex: each thread that takes the GIL and each thread that
 * drops it owns this mutex meanwhile and unlocks it at the end. libpython calls
 * pthread_mutex_lock, pthread_mutex_unlock and pthread_cond_timedwait through slots, which hold
 * the addresses of these functions. While watching, the slots hold the addresses of our own:
 * they note the time and call the real ones. The program's Python code runs as ever.
 *
 * Whoever runs in watched_unlock() owns the GIL's mutex: no other thread can take or drop the GIL
 * there, so `watch` needs no lock of its own.
 */
#ifndef GIL_DEMO_WATCH_HANDOVERS_H
#define GIL_DEMO_WATCH_HANDOVERS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* gettid, process_vm_readv, dl_iterate_phdr */
#endif

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "layout.h"

enum {
    MAX_THREADS = 1 << 14,    /* the rest share row 0 */
    MAX_NODES = 1 << 17,      /* places in Python code, each with its callers */
    MAX_CODES = 1 << 15,      /* code objects */
    MAX_FRAMES = 96,          /* the innermost frames of a stack; the rest is cut */
    UNKNOWN_STACK = 0,        /* node 0: no stack was taken */
    CUT_STACK = 1,            /* node 1: the callers that were cut */
    STAND_INS = 3,            /* functions of libc that we stand in for */
    NAME_BYTES = 40,          /* of a thread's name; the rest is cut */
};
#define NOBODY UINT32_MAX /* the row that has the GIL while it is free */

/* A stretch of time in which one thread had the GIL: 40 bytes for a pair of hand-overs.
 * Times are those of time.monotonic_ns. `asked` is `taken` where the GIL was free. */
typedef struct {
    int64_t asked, taken, dropped;
    int64_t ran;     /* processor time since another thread requested the GIL; -1: none did */
    uint32_t thread; /* a row of watch.threads */
    uint32_t stack;  /* a node of stacks.c: where the thread was when it dropped the GIL */
} hold;

typedef struct {
    int64_t held_ns, waited_ns, longest_hold_ns, longest_wait_ns;
    uint64_t takes, drops;
} thread_totals;

/* The totals are written by the thread that has the GIL or its mutex; the rest of a row, when it
 * is handed out, given back and named, under the mutex of threads.c. */
typedef struct {
    thread_totals totals;
    _Atomic int64_t asked; /* since when it waits for the GIL, or 0 */
    uint64_t pthread;      /* threading.get_ident() */
    uint32_t serial;       /* the how-manieth thread it was */
    int native_id;
    clockid_t processor;   /* the clock of its processor time */
    char name[NAME_BYTES]; /* for the alarm; "" until Python tells it */
} thread_row;

/* The mutex of the GIL that is watched; NULL: no watch runs. All else in `watch` may be read only
 * while one runs, or with the GIL. */
extern _Atomic(pthread_mutex_t *) watched_mutex;

static inline bool watch_runs(void)
{
    return atomic_load_explicit(&watched_mutex, memory_order_acquire) != NULL;
}

struct watch {
    uint64_t session; /* tells what a thread remembers of an earlier watch */
    gil_state *gil;

    hold *holds; /* NULL: totals only */
    uint64_t capacity, count, lost;
    int64_t stack_after_ns; /* a hold this long gets its stack even if nobody waits */

    thread_row *threads;
    _Atomic uint32_t rows;
    uint32_t serials;
    thread_totals ended; /* of the threads whose rows were given to others */

    _Atomic int asking; /* how many threads wait for the GIL */
    _Atomic uint32_t holder; /* the row that has the GIL, or NOBODY */
    _Atomic(PyThreadState *) holder_state;
    _Atomic int64_t taken;
    int64_t asked, dropped, started, stopped;
    int64_t ran_before; /* the holder's processor time when another requested the GIL, or -1 */

    int64_t alarm_ns; /* 0: no alarm is set */
};
extern struct watch watch;

static inline int64_t now(void)
{
    return clock_ns(SPAN_CLOCK);
}

/* What a thread knows of itself; valid only for the watch of that session. */
extern _Thread_local struct me {
    uint64_t session;
    uint32_t row;
    bool has_gil;
    int64_t asked;
} me;

/* session.c: a watch from its start to its end, with the GIL held. NULL, or why it cannot be. */
const char *watch_start(uint64_t capacity, int64_t stack_after_ns);
const char *watch_stop(void); /* what was noted stays until watch_forget() */
void watch_forget(void);
void *reserve(size_t bytes); /* memory that is zero, or NULL */

/* threads.c: the rows of the threads. */
typedef struct {
    thread_totals totals;
    int64_t asked;
    uint64_t pthread;
    uint32_t serial;
    int native_id;
} thread_copy;
const char *threads_start(void);
void threads_enrol(void); /* gives the calling thread a row */
static inline void know_myself(void)
{
    if (me.session != watch.session)
        threads_enrol(); /* this watch meets the thread for the first time */
}
uint32_t threads_name(const char *name, uint32_t *serial); /* the calling thread's; its row */
thread_copy *threads_copied(uint32_t *count); /* each row, then `ended`; for PyMem_Free() */
/* How many threads wait for the GIL, and how long the longest of them did, since `taken` at most. */
int threads_waiting(int64_t taken, int64_t at, int64_t *longest);
void threads_describe(uint32_t row, char name[NAME_BYTES], int *native_id);
void threads_forget(void);
void threads_forget_in_child(void);

/* handovers.c: the functions that stand in for those of libc, and what they note. */
typedef struct {
    const char *name;
    void *ours;
} replacement;
extern const replacement stand_ins[STAND_INS];
void begin_to_note(PyThreadState *tstate); /* the caller has the GIL: the first hold is its own */
void end_last_hold(PyThreadState *tstate);
void end_to_note(void); /* with the GIL held; the memory of the watch may go afterwards */
void noting_forked(void);

/* slots.c: replaces the addresses of functions that libpython calls. */
const char *slots_replace(const replacement *wanted, int count);
const char *slots_restore(void);
PyObject *slots_state(void); /* [(address, value, protection)], for tests */

/* stacks.c: the stacks, each stored once. */
const char *stacks_start(void);
uint32_t stacks_take(PyThreadState *tstate); /* with the GIL or its mutex, never allocates */
PyObject *stacks_frames(uint32_t node);      /* [(function, file, line)], innermost first */
bool stacks_place(uint32_t *node, PyCodeObject **code, int32_t *offset); /* false: no more */
uint64_t stacks_lost(void);
void stacks_forget(void);

/* alarm.c: speaks up while a hold makes somebody wait. */
const char *alarm_start(int64_t after_ns, int fd, const char *launcher);
bool alarm_is_set(void);
void alarm_hold_ended(int64_t taken, int64_t at, uint32_t stack); /* called with the GIL's mutex */
uint64_t alarm_stop(void);
void alarm_forget_in_child(void);

/* duty.c: C that holds and releases the GIL for a stated time, and stamps the truth. */
PyObject *duty_hold(PyObject *module, PyObject *args);
PyObject *duty_release(PyObject *module, PyObject *args);
PyObject *duty_cycles(PyObject *module, PyObject *args);
PyObject *duty_pairs(PyObject *module, PyObject *args);

#endif
