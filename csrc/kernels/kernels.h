/* All that Python and the files of this folder may call. csrc/build.py reads it
   here, and call.h, for gil_demo._held and gil_demo._released.

   Everything is plain C: any thread may call it, with or without the GIL. */

#ifndef GIL_DEMO_KERNELS_H
#define GIL_DEMO_KERNELS_H

#include "call.h"

/* kernels.c: the loops. */
double sum(const double *data, int64_t size);
double sum_wide(const double *data, int64_t size);
double scale(double *data, int64_t size, double factor);
double spin(double x, int64_t size);

/* run.c: one kernel, several passes, stamped. */
void run_kernel(kernel which, kernel_call *call);
int64_t entered_ns(const kernel_call *call); /* 0 before it is inside */
void set_cancelled(int raised);
const char *compiler(void);

/* threads.c: several calls at once, on threads that Python does not know. */
int run_on_native_threads(kernel which, kernel_call *calls, int count);

#endif
