/* The rows of the threads: each thread that a watch meets gets one, for its totals.
 *
 * A thread ends without the GIL, and gives its row back there. So rows are handed out, given
 * back, named and copied under a mutex of their own. Its owner waits for nothing: a thread may
 * lock it while it has the GIL, or owns the mutex of the GIL.
 */
#include "handovers.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Thread_local struct me me;

static pthread_mutex_t rows_mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t free_rows[MAX_THREADS], free_count;
static pthread_key_t at_thread_end;

static void add_totals(thread_totals *sum, const thread_totals *more)
{
    sum->held_ns += more->held_ns;
    sum->waited_ns += more->waited_ns;
    sum->takes += more->takes;
    sum->drops += more->drops;
    if (more->longest_hold_ns > sum->longest_hold_ns)
        sum->longest_hold_ns = more->longest_hold_ns;
    if (more->longest_wait_ns > sum->longest_wait_ns)
        sum->longest_wait_ns = more->longest_wait_ns;
}

/* Runs in a thread that ends, without the GIL: its row may go to another thread.
 * Only while no holds are kept, for these name their thread by its row. */
static void give_row_back(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&rows_mutex);
    if (watch_runs() && me.session == watch.session && watch.holds == NULL && me.row != 0) {
        thread_row *row = &watch.threads[me.row];
        add_totals(&watch.ended, &row->totals);
        row->totals = (thread_totals){0};
        row->name[0] = '\0';
        free_rows[free_count++] = me.row;
    }
    me.session = 0;
    pthread_mutex_unlock(&rows_mutex);
}

/* The number of a row that nobody has; 0 if there is none left. */
static uint32_t take_row(void)
{
    if (free_count > 0)
        return free_rows[--free_count];
    uint32_t next = atomic_load_explicit(&watch.rows, memory_order_relaxed);
    if (next == MAX_THREADS)
        return 0;
    atomic_store_explicit(&watch.rows, next + 1, memory_order_relaxed);
    return next;
}

void threads_enrol(void)
{
    pthread_mutex_lock(&rows_mutex);
    uint32_t row = take_row();
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

uint32_t threads_name(const char *name, uint32_t *serial)
{
    know_myself();
    thread_row *row = &watch.threads[me.row];
    pthread_mutex_lock(&rows_mutex);
    snprintf(row->name, NAME_BYTES, "%s", name);
    *serial = row->serial;
    pthread_mutex_unlock(&rows_mutex);
    return me.row;
}

void threads_describe(uint32_t row, char name[NAME_BYTES], int *native_id)
{
    pthread_mutex_lock(&rows_mutex);
    memcpy(name, watch.threads[row].name, NAME_BYTES);
    *native_id = watch.threads[row].native_id;
    pthread_mutex_unlock(&rows_mutex);
}

int threads_waiting(int64_t taken, int64_t at, int64_t *longest)
{
    uint32_t rows = atomic_load_explicit(&watch.rows, memory_order_relaxed);
    int count = 0;
    *longest = 0;
    for (uint32_t i = 1; i < rows; i++) { /* not row 0, which may stand for many threads */
        int64_t asked = atomic_load_explicit(&watch.threads[i].asked, memory_order_relaxed);
        if (asked == 0)
            continue;
        int64_t waited = at - (asked > taken ? asked : taken);
        if (waited > *longest)
            *longest = waited;
        count++;
    }
    return count;
}

/* Called with the GIL: of the rows that are handed out, only `asked` changes meanwhile. */
thread_copy *threads_copied(uint32_t *count)
{
    uint32_t rows = atomic_load_explicit(&watch.rows, memory_order_relaxed);
    thread_copy *copies = PyMem_Calloc(rows + 1, sizeof *copies);
    if (copies == NULL)
        return NULL;
    pthread_mutex_lock(&rows_mutex);
    for (uint32_t i = 0; i < rows; i++) {
        thread_row *row = &watch.threads[i];
        int64_t asked = atomic_load_explicit(&row->asked, memory_order_relaxed);
        copies[i] =
            (thread_copy){row->totals, asked, row->pthread, row->serial, row->native_id};
    }
    copies[rows].totals = watch.ended;
    pthread_mutex_unlock(&rows_mutex);
    *count = rows + 1;
    return copies;
}

const char *threads_start(void)
{
    static bool prepared;
    if (!prepared && pthread_key_create(&at_thread_end, give_row_back) != 0)
        return "there is no memory for it";
    prepared = true;
    watch.rows = 1;
    watch.threads = reserve(MAX_THREADS * sizeof *watch.threads);
    return watch.threads == NULL ? "there is no memory for it" : NULL;
}

void threads_forget(void)
{
    pthread_mutex_lock(&rows_mutex);
    if (watch.threads != NULL)
        munmap(watch.threads, MAX_THREADS * sizeof *watch.threads);
    watch.threads = NULL;
    free_count = 0;
    pthread_mutex_unlock(&rows_mutex);
}

void threads_forget_in_child(void)
{
    pthread_mutex_init(&rows_mutex, NULL); /* a thread that the child does not have may own it */
}
