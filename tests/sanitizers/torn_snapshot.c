/* flagged by: thread */
#include "../../csrc/patterns/torn_snapshot.c"

#include "harness.h"

static double accounts[ACCOUNTS];

/* Unforced: the handshake orders stores and loads, and hides the race from the sanitizer. */
static void unsafe(int thread)
{
    if (thread == 0)
        torn_snapshot_unforced_transfer(accounts, 1000, &shared_lab);
    else
        torn_snapshot_unforced_total(accounts, &shared_lab);
}

static void safe(int thread)
{
    if (thread == 0)
        torn_snapshot_safe_transfer(accounts, &shared_lab);
    else
        torn_snapshot_safe_total(accounts, &shared_lab);
}

HARNESS(2, unsafe, safe)
