#ifndef GIL_DEMO_GUARD_DEPOT_H
#define GIL_DEMO_GUARD_DEPOT_H

#include "guard.h"

enum { MAX_FRAMES = 40 };

struct call {
    PyCodeObject *code;
    int instruction;
};

/* Reserves memory for the stacks; false, and nothing is kept, if there is too little. */
bool depot_reserve(void);
void depot_release(void);

/* The number of this thread's Python stack; 0 where it has none, does not hold the
   GIL, or the depot is full. */
uint32_t depot_stack(void);

/* The calls of a stack, innermost first; returns how many. Takes no lock. */
uint32_t depot_calls(uint32_t stack, const struct call **calls);

/* Around fork(): a child must not inherit the lock of a thread that it has not. */
void depot_lock(void);
void depot_unlock(void);

#endif
