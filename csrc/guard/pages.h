#ifndef GIL_DEMO_GUARD_PAGES_H
#define GIL_DEMO_GUARD_PAGES_H

#include "guard.h"

enum { CHUNK = 32 << 20 }; /* prepared for markers at a time */

size_t page_size(void);

/* Whether this kernel has guard markers, and lets this process use them. */
bool pages_have_markers(void);

/* Whether each open block is two mappings: always, or since markers failed. */
bool pages_take_mappings(enum method method);

/* Reserves address space, which costs no memory and may not be touched yet. NULL if refused. */
char *pages_reserve(size_t bytes);

/* The same for memory that may be used at once. */
void *pages_table(size_t bytes);

void pages_release(void *start, size_t bytes);

/* Makes a chunk accessible as a whole, but for its markers, which cover all of it. */
bool pages_prepare(char *start);

bool pages_open(enum method method, char *start, size_t bytes);

/* Gives the memory back too. What is opened again is zero. */
void pages_shut(enum method method, char *start, size_t bytes);

#endif
