#ifndef GIL_DEMO_GUARD_NEARBY_H
#define GIL_DEMO_GUARD_NEARBY_H

#include "guard.h"

enum { MAX_NEARBY = 2 };

/* A block, and where an address lies as seen from it. */
struct nearby {
    const struct block *block;
    const char *place; /* "inside", "past-end", "before-start" */
    uint64_t distance; /* bytes: from the first one inside, after the last, or to the first */
};

/* The blocks on both sides of an address, the nearer first; returns how many. */
unsigned blocks_nearby(const char *address, struct nearby found[MAX_NEARBY]);

/* Freed, in quarantine or out of it. */
bool is_gone(const struct block *block);

#endif
