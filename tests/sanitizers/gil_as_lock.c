/* flagged by: thread */
#include "../../csrc/patterns/gil_as_lock.c"

#include "harness.h"

enum { TIMES = 10, ROUNDS = 10 };

static double numbers[2 * TIMES * ROUNDS];

/* Unforced: a handshake often orders the two writes, and hides the race from the sanitizer.
   In rounds: gcc 12 and two busy cores missed a single one about once in 25 runs. */
static void unsafe(int thread)
{
    for (int round = 0; round < ROUNDS; round++)
        gil_as_lock_unforced(numbers, thread + 1, TIMES, &shared_lab);
}

static void safe(int thread)
{
    gil_as_lock_safe(numbers, thread + 1, TIMES * ROUNDS, &shared_lab);
}

HARNESS(2, unsafe, safe)
