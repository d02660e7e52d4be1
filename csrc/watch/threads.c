/* The rows of the threads: each thread that a watch meets gets one, for its totals.
 *
 * A thread ends without the GIL, and gives its row back there. So rows are handed out and
 * given back under a mutex of their own.
 */
#include "handovers.h"

#include <sys/mman.h>
#include <unistd.h>

_Thread_local struct me me;

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

void threads_enrol(void)
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
