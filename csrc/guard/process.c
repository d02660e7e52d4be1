/* The clock, the thread's number, and the counts, in this process and its forks. */

#include "process.h"

#include "common/clock.h"
#include "depot.h"
#include "facts.h"
#include "heap.h"
#include "protect.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

struct options guard_options;
_Atomic bool guard_on;

static struct counts own_counts;
struct counts *_Atomic guard_counts = &own_counts;

static char counts_directory[512];
static int64_t began;

int64_t guard_nanoseconds(void)
{
    return clock_ns(SPAN_CLOCK) - began;
}

static HANDLER_LOCAL int32_t thread;

int32_t guard_thread(void)
{
    if (thread == 0) {
#ifdef __linux__
        thread = (int32_t)syscall(SYS_gettid);
#else
        uint64_t number = 0;
        pthread_threadid_np(NULL, &number);
        thread = (int32_t)number;
#endif
    }
    return thread;
}

/* The counts so far move along. The file has a name of its own: after exec() the same
   process has one more. */
static bool move_counts(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s/counts-%d-%lld", counts_directory, (int)getpid(),
             (long long)clock_ns(SPAN_CLOCK));
    const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    void *place = MAP_FAILED;
    if (ftruncate(file, sizeof *guard_counts) == 0)
        place = mmap(NULL, sizeof *guard_counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (place == MAP_FAILED)
        return false;
    struct counts *before = atomic_exchange(&guard_counts, place);
#define MOVE(name) count(&guard_counts->name, (int64_t)atomic_exchange(&before->name, 0));
    COUNTS(MOVE)
#undef MOVE
    return true;
}

bool counts_into(const char *directory)
{
    snprintf(counts_directory, sizeof counts_directory, "%s", directory);
    return move_counts();
}

static void before_fork(void)
{
    heap_lock();
    depot_lock();
    shields_lock();
}

static void after_fork(void)
{
    shields_unlock();
    depot_unlock();
    heap_unlock();
}

/* What the parent counted is the parent's; what is alive is alive here too. */
static void in_the_child(void)
{
    thread = 0;
    own_counts = (struct counts){
        .alive = guard_counts->alive,
        .peak_alive = guard_counts->alive,
        .waste = guard_counts->waste,
        .quarantined = guard_counts->quarantined,
        .method = guard_counts->method,
    };
    guard_counts = &own_counts;
    shields_forked();
    after_fork();
    facts_forked();
    if (counts_directory[0] != '\0')
        move_counts();
}

bool process_start(void)
{
    began = clock_ns(SPAN_CLOCK);
    return pthread_atfork(before_fork, after_fork, in_the_child) == 0;
}
