/* backtrace(): the return addresses of the calling thread's C functions.

   glibc and macOS have it. musl does not: there a report names the faulty instruction
   and the Python stack, and no C function further out. */

#ifndef GIL_DEMO_GUARD_C_STACK_H
#define GIL_DEMO_GUARD_C_STACK_H

#if __has_include(<execinfo.h>)
#include <execinfo.h>
#else
static inline int backtrace(void **addresses, int size)
{
    (void)addresses;
    (void)size;
    return 0;
}
#endif

#endif
