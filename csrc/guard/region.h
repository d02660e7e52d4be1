#ifndef GIL_DEMO_GUARD_REGION_H
#define GIL_DEMO_GUARD_REGION_H

#include "guard.h"

enum { SMALL, LARGE, REGIONS };
enum { CLASSES = 256 };

/* Address space, cut into slots as arrays ask for it. A slot is some units of
   data and then a gap of one unit. */
struct region {
    char *base;
    unsigned shift;        /* a unit is 1 << shift bytes */
    enum method method;
    uint32_t units, carved; /* in all; already cut into slots */
    uint32_t *map;         /* unit → its block, 0 where nothing was carved */
    size_t prepared;       /* bytes that have markers (BY_MARKERS) */
    uint32_t free[CLASSES]; /* lists of blocks that may be used again */
};

extern struct region regions[REGIONS];

/* Reserves all address space, less of it under a limit. False if there is too little. */
bool regions_reserve(void);

struct block *block_by_id(uint32_t id);
uint32_t id_of(const struct block *block);

/* The block whose slot or gap holds an address, or NULL. Takes no lock: a
   signal handler asks too. */
struct block *block_at(const void *address);

/* The block whose slot follows in memory, or NULL. */
struct block *block_after(const struct block *block);

/* The region that an address lies in, or NULL. */
struct region *region_of(const void *address);

/* Whether it could if it were empty. Ask before the next. */
bool region_could_hold(const struct region *region, size_t bytes);

/* A slot for so many bytes of data: a used one or a fresh one; NULL if there is
   none. Call it with the heap's lock. */
struct block *region_take(struct region *region, size_t bytes);
void region_give_back(struct block *block);

/* Without the gap. */
size_t slot_bytes(const struct block *block);

#endif
