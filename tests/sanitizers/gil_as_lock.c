/* flagged by: thread */
#include "../../csrc/patterns/gil_as_lock.c"

#include "harness.h"

enum { TIMES = 100 };

static double numbers[2 * TIMES];

/* Unforced: the handshake would put the two writes in an order that the sanitizer sees. */
static void unsafe(int thread)
{
    gil_as_lock_unforced(numbers, thread + 1, TIMES, &shared_lab);
}

static void safe(int thread)
{
    gil_as_lock_safe(numbers, thread + 1, TIMES, &shared_lab);
}

HARNESS(2, unsafe, safe)
