/* flagged by: neither */
#include "../../csrc/patterns/false_sharing.c"

#include "harness.h"

static int64_t cells[32];

static void unsafe(int thread)
{
    false_sharing_unsafe(cells, thread, 1000, &shared_lab);
}

static void safe(int thread)
{
    false_sharing_safe(cells, thread, 1000, &shared_lab);
}

HARNESS(2, unsafe, safe)
