/* One call of a kernel: what it works on, and what it saw of the clock.

   Everything here is plain C. No function in this folder that takes a
   kernel_call touches a Python object, so each may run with or without
   the GIL. The caller fills in `data` and keeps its owner alive until the
   call is over: C only borrows the memory. */

#ifndef GIL_DEMO_CALL_H
#define GIL_DEMO_CALL_H

#include <stdint.h>

typedef enum { SUM, SUM_WIDE, SCALE, SPIN } kernel;

typedef struct {
    double *data;
    int64_t size;
    int64_t passes;
    double result;
    _Atomic int64_t enter_ns; /* another thread may wait for it: entered_ns() */
    int64_t exit_ns;
    int64_t cpu_ns;
} kernel_call;

#endif
