/* The clock that stamps spans and ticks: the one of Python's time.monotonic_ns. */

#ifndef GIL_DEMO_CLOCK_H
#define GIL_DEMO_CLOCK_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* clock_gettime; Python.h asks for it too */
#endif
#if defined(__APPLE__) && !defined(_DARWIN_C_SOURCE)
#define _DARWIN_C_SOURCE 1 /* CLOCK_UPTIME_RAW, which POSIX does not have */
#endif

#include <stdint.h>
#include <time.h>

#ifdef __APPLE__
#define SPAN_CLOCK CLOCK_UPTIME_RAW
#else
#define SPAN_CLOCK CLOCK_MONOTONIC
#endif

/* Any thread, with or without the GIL. */
static inline int64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#endif
