#ifndef GIL_DEMO_GUARD_HEAP_H
#define GIL_DEMO_GUARD_HEAP_H

#include "canary.h"
#include "guard.h"

bool heap_start(void);

/* NULL: this array is not to be guarded, take the memory from elsewhere. */
void *heap_allocate(size_t size, bool zeroed);

/* From now on, guards every array that this thread makes, whatever the options. */
void heap_force(bool force);

/* A pointer that heap_allocate gave. Reports and aborts if it is freed already, or
   no array's beginning. */
void heap_free(void *data);

/* The live block that begins at data. Reports and aborts as heap_free does. */
struct block *heap_block(void *data, const char *doing);

/* The bytes of a block's pages (its slot, in poison mode): data and canaries. */
char *area_end(const struct block *block);

/* Reports each block whose canaries were written to, once. Returns how many. */
uint64_t heap_check(void);

/* What its neighbours or itself wrote where no array is; `from` is NULL if nothing. */
struct damage block_damage(const struct block *block);

/* Pages of a live block that nobody may write to, and back. */
bool block_shield(struct block *block, enum shield shield);

void heap_lock(void);
void heap_unlock(void);

#endif
