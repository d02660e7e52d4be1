/* Each call of a library starts a thread for each core, and several calls run at once.

   The unsafe half is slow on purpose. Its page: gil-demo show oversubscribed */

#include "lab.h"

#include <pthread.h>
#include <sched.h>

enum { PHASES = 100, MAX_SPINS = 20000, MAX_THREADS = 64 };

/* One call of a library that has threads of its own, as a BLAS has. */
struct team {
    const double *data;
    int64_t size;
    atomic_int threads; /* 0 until all have been started */
    atomic_int arrived;
};

struct member {
    pthread_t thread;
    struct team *team;
    int number;
    double sum;
};

/* Each member adds up its part. After each phase all wait for the last one, and spin
   before they offer their core to others: that is fastest when each has a core of its
   own. Any thread, no GIL. */
static void *work(void *argument)
{
    struct member *own = argument;
    struct team *team = own->team;
    double sum = 0.0; /* its own: own->sum shares a cache line with a neighbour's */
    int threads;

    while ((threads = atomic_load(&team->threads)) == 0)
        sched_yield();
    const int64_t parts = PHASES * threads;
    for (int phase = 0; phase < PHASES; phase++) {
        const int64_t part = phase * threads + own->number;
        for (int64_t i = part * team->size / parts; i < (part + 1) * team->size / parts; i++)
            sum += team->data[i];
        atomic_fetch_add(&team->arrived, 1);
        int spins = 0;
        while (atomic_load(&team->arrived) < (phase + 1) * threads)
            if (spins < MAX_SPINS)
                spins++;
            else
                sched_yield();
    }
    own->sum = sum;
    return NULL;
}

/* Adds up the numbers with `threads` threads, or with as many of them as there can
   be: the caller's own, and others that end with the call. */
static double library_sum(const double *data, int64_t size, int64_t threads)
{
    struct team team = {.data = data, .size = size};
    struct member members[MAX_THREADS];
    double total = 0.0;
    int started = 1;

    members[0] = (struct member){.team = &team};
    for (; started < threads && started < MAX_THREADS; started++) {
        members[started] = (struct member){.team = &team, .number = started};
        if (pthread_create(&members[started].thread, NULL, work, &members[started]) != 0)
            break;
    }
    atomic_store(&team.threads, started);
    work(&members[0]);
    for (int i = 1; i < started; i++)
        pthread_join(members[i].thread, NULL);
    for (int i = 0; i < started; i++)
        total += members[i].sum;
    return total;
}

/* As many threads as there are cores: right for one call at a time. */
double oversubscribed_unsafe(const double *data, int64_t size, int64_t cores)
{
    double total;

    Py_BEGIN_ALLOW_THREADS
    total = library_sum(data, size, cores);
    Py_END_ALLOW_THREADS
    return total;
}

/* One: there are as many calls at once as there are cores. */
double oversubscribed_safe(const double *data, int64_t size, int64_t cores)
{
    double total;

    (void)cores;
    Py_BEGIN_ALLOW_THREADS
    total = library_sum(data, size, 1);
    Py_END_ALLOW_THREADS
    return total;
}
