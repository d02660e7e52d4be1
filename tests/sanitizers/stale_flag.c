/* flagged by: thread */
#include "../../csrc/patterns/stale_flag.c"

#include "harness.h"

enum { SIZE = 100, MOST_PASSES = 1000 };

static double data[SIZE];
static int64_t passes;
static lab shared;

static void unsafe(int thread)
{
    if (thread == 0)
        stale_flag_unsafe(data, SIZE, MOST_PASSES, &passes);
    else
        stale_flag_unsafe_stop();
}

static void safe(int thread)
{
    if (thread == 0)
        stale_flag_safe(data, SIZE, MOST_PASSES, &shared);
    else
        stale_flag_safe_stop();
}

HARNESS(2, unsafe, safe)
