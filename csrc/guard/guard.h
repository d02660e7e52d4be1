/* Guarded array data: the words that the files of this folder share.

   handler.c   puts our functions into NumPy's default allocator, in place
   heap.c      gives each array a block, frees it, keeps what is freed for a while
   region.c    address space in units: slots, size classes, which block is where
   pages.c     makes pages accessible and inaccessible
   canary.c    fills what no array owns, and finds what was written there
   depot.c     keeps each different Python stack once
   frames.c    walks Python's frames, whose layout no other file here knows
   faults.c    SIGSEGV: stages of a report
   report.c    what a report says, the essential first
   c_stack.h   backtrace(), also where the C library has none
   facts.c     writes facts, one JSON object a line, with nothing but write(2)
   nearby.c    an address → the blocks near it
   names.c     the Python variables whose arrays lie in a block
   protect.c   pages that nobody may write to, or whose writers are noted
   process.c   the clock, the thread's number, and the counts, across fork()
   module.c    gil_demo._guard */

#ifndef GIL_DEMO_GUARD_H
#define GIL_DEMO_GUARD_H

#include <Python.h> /* first: it decides what the system's headers offer */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A thread's own variable that a signal handler may use: its place is there from the
   thread's beginning, and not made at the first use. */
#ifdef __ELF__
#define HANDLER_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define HANDLER_LOCAL _Thread_local
#endif

enum edge { EDGE_END, EDGE_START };

/* How pages of small arrays are shut: guard markers in the page tables (Linux
   6.13), a mapping of their own (older kernels), or not at all (poison). */
enum method { BY_MARKERS, BY_MAPPINGS, BY_PATTERN };

struct options {
    enum edge edge;
    size_t alignment; /* of data; 0: the largest power of two in the size, at most 16 */
    uint64_t sample;  /* guard one array in so many */
    enum method method;
    uint64_t quarantine_blocks, quarantine_bytes; /* freed blocks that stay shut */
    uint64_t waste_bytes; /* what rounding up to pages may cost */
    uint64_t live_blocks; /* how many may be alive at once: each is two mappings without markers */
};

/* What happened so far. It lies in a file where the parent process wants it, so
   that it can be read after the process is gone. Every member is a uint64_t. */
#define COUNTS(X) \
    X(asked) X(guarded) X(sampled_out) X(over_waste) X(over_live) X(no_room) \
    X(alive) X(peak_alive) X(waste) X(quarantined) X(foreign_frees) \
    X(stacks) X(stacks_lost) X(damaged) X(reports) X(method)

struct counts {
#define MEMBER(name) _Atomic uint64_t name;
    COUNTS(MEMBER)
#undef MEMBER
};

enum state {
    UNUSED,  /* never used, or out of quarantine: the next array of its size may get it */
    ALIVE,
    LEAVING, /* being freed */
    FREED    /* in quarantine */
};
enum shield { NO_SHIELD, PROTECTED, WATCHED, FROZEN };

/* Who did something to a block, when, and from where. */
struct deed {
    int64_t nanoseconds;
    int32_t thread;
    uint32_t stack; /* of the depot; 0: unknown */
};

struct block {
    char *data;
    size_t size;
    char *slot;       /* where its units begin */
    uint64_t number;  /* how many arrays were guarded before, plus one */
    struct deed made, gone;
    uint32_t next;    /* in the list that it waits in, 0: the last */
    uint32_t units;   /* of data, without the gap after them */
    uint8_t region;
    uint8_t shield;         /* how its pages are now */
    _Atomic uint8_t state;  /* signal handlers read it without the lock */
    _Atomic bool damaged;   /* and it was reported */
};

extern struct options guard_options;
extern struct counts *_Atomic guard_counts;
extern _Atomic bool guard_on; /* whether new arrays are guarded */

static inline void count(_Atomic uint64_t *counter, int64_t by)
{
    atomic_fetch_add_explicit(counter, (uint64_t)by, memory_order_relaxed);
}

int32_t guard_thread(void);       /* the system's number of this thread */
int64_t guard_nanoseconds(void);  /* since the guard was installed */

#endif
