#ifndef GIL_DEMO_GUARD_NAMES_H
#define GIL_DEMO_GUARD_NAMES_H

#include "guard.h"

/* Writes a fact for each variable of this thread's Python frames whose array lies
   in the block. It follows the program's own pointers, perhaps without the GIL: it
   may fault, so it runs as a stage of a report. */
void names_of(const struct block *block);

#endif
