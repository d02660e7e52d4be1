/* One call of a kernel: what it works on, and what it saw of the clock.

   Everything here is plain C. No function in this folder that takes a
   kernel_call touches a Python object, so each may run with or without
   the GIL. Whoever fills in `data` keeps its owner alive until the call is
   over: C only borrows the memory. */

#ifndef GIL_DEMO_CALL_H
#define GIL_DEMO_CALL_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* clock_gettime; Python.h asks for it too */
#endif

#include <stdint.h>
#include <time.h>

typedef enum { SUM, SUM_WIDE, SCALE, SPIN } kernel;

typedef struct {
    double *data;
    int64_t size;
    int64_t passes;
    double result;
    int64_t enter_ns;
    int64_t exit_ns;
    int64_t cpu_ns;
} kernel_call;

/* The clock of Python's time.monotonic_ns, which stamps the ticks. */
#ifdef __APPLE__
#define SPAN_CLOCK CLOCK_UPTIME_RAW
#else
#define SPAN_CLOCK CLOCK_MONOTONIC
#endif

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
