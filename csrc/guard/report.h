#ifndef GIL_DEMO_GUARD_REPORT_H
#define GIL_DEMO_GUARD_REPORT_H

#include "canary.h"
#include "guard.h"

/* What the machine said of a fault. */
struct fault {
    const char *address;
    const char *access;    /* "read", "write", or "access" where it cannot be told */
    bool possible;         /* false: no program can have such an address */
    const void *instruction;
};

/* All that is known about a fault, on the faulting thread, from its signal handler. */
void report_fault(const struct fault *fault);

/* This thread's Python stack, as a member of the fact that is being written. */
void put_python_frames(void);

/* A pointer that is no live array's beginning was given to free or realloc. Does
   not return. */
_Noreturn void report_misuse(const char *doing, const void *data);

/* Bytes that belong to no array were written to, some time ago. Once for each block. */
void report_damage(struct block *block, struct damage damage);

/* Whether a fault in this thread happened inside of a report's riskier stages; if
   so, does not return, and the report goes on with the next stage. */
bool report_goes_on(void);

#endif
