/* flagged by: thread */
#include "../../csrc/patterns/shared_scratch.c"

#include "harness.h"

static const double arrays[2][SIZE];

static void unsafe(int thread)
{
    wait_for(&shared_lab, thread);
    shared_scratch_unsafe(arrays[thread], thread + 1, &shared_lab);
}

static void safe(int thread)
{
    wait_for(&shared_lab, thread);
    shared_scratch_safe(arrays[thread], thread + 1, &shared_lab);
}

HARNESS(2, unsafe, safe)
