/* flagged by: thread */
#include "../../csrc/patterns/lost_update.c"

#include "harness.h"

static int64_t cells[2];

static void *unsafe_thread(void *which)
{
    (void)which;
    lost_update_unforced(&cells[0], 1000, &shared_lab);
    return NULL;
}

static void *safe_thread(void *which)
{
    lost_update_safe(&cells[*(int *)which], 100, &shared_lab);
    return NULL;
}

HARNESS(unsafe_thread, safe_thread)
