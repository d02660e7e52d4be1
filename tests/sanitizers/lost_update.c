/* flagged by: thread */
#include "../../csrc/patterns/lost_update.c"

#include "harness.h"

static int64_t cells[2], atomic_cell, locked_cell;

/* Unforced: a handshake often orders the two stores, and hides the race from the sanitizer. */
static void unsafe(int thread)
{
    (void)thread;
    lost_update_unforced(&cells[0], 1000, &shared_lab);
}

static void safe(int thread)
{
    lost_update_safe(&cells[thread], 100, &shared_lab);
    lost_update_safe_atomic(&atomic_cell, 1000, &shared_lab);
    lost_update_safe_mutex(&locked_cell, 1000, &shared_lab);
}

HARNESS(2, unsafe, safe)
