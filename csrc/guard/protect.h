#ifndef GIL_DEMO_GUARD_PROTECT_H
#define GIL_DEMO_GUARD_PROTECT_H

#include "guard.h"

/* Whether this processor can run one instruction and then stop. */
bool can_step(void);

/* Shields bytes of the live block that holds `from`: a write there is reported and
   kills (PROTECTED, FROZEN), or is noted in `notes`, a file, and happens (WATCHED).
   Returns a number for shield_remove, or -1: no such block, no room, no such pages. */
int shield_add(const char *from, size_t bytes, enum shield kind, int notes);
void shield_remove(int number);

/* Removes all shields of a block that is being freed. */
void shields_forget(struct block *block);

/* What makes a write to an address a fault: PROTECTED, FROZEN or NO_SHIELD. */
enum shield shield_at(const char *address);

/* In the signal handler of a write: whether it may happen after all. Then the pages
   are open for the one instruction that is run next. */
bool shield_lets_pass(const char *address, void *context);

/* In the handler of SIGTRAP: whether the instruction was one of ours; shuts the pages. */
bool shield_after_step(void *context);

/* Around fork(). In the child, before the lock is released: other threads' steps are not its own. */
void shields_lock(void);
void shields_unlock(void);
void shields_forked(void);

#endif
