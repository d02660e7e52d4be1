#ifndef GIL_DEMO_GUARD_PROCESS_H
#define GIL_DEMO_GUARD_PROCESS_H

#include "guard.h"

/* Begins the clock, and keeps locks and counts right across fork(). */
bool process_start(void);

/* Puts the counts into a file of this process in a directory, and into one of its
   own in each process that is forked from here. */
bool counts_into(const char *directory);

#endif
